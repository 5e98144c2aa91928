"""SendLocalList of OCPP 1.6."""

from typing import Any

import pytest

from tests.unit.ocpp.outbound.v16.telling import refused, told

UNTIL = "2030-01-01T00:00:00Z"


def entry(**info: Any) -> dict[str, Any]:
    return {"idToken": {"idToken": "04A1", "type": "ISO14443"}, "idTokenInfo": {"status": "Accepted", **info}}


def sent(*entries: dict[str, Any]) -> Any:
    payload = {"versionNumber": 3, "updateType": "Full", "localAuthorizationList": list(entries)}
    action, converted = told("SendLocalList", payload)
    assert (action, converted["listVersion"], converted["updateType"]) == ("SendLocalList", 3, "Full")
    return converted["localAuthorizationList"]


class TestSendLocalList:
    def test_says_the_entries_with_id_tags(self) -> None:
        group = {"idToken": "FLEET", "type": "Central"}
        another = entry() | {"idToken": {"idToken": "04A2", "type": "ISO14443"}}
        assert sent(entry(cacheExpiryDateTime=UNTIL, groupIdToken=group), another) == [
            {
                "idTag": "04A1",
                "idTagInfo": {"status": "Accepted", "expiryDate": UNTIL, "parentIdTag": "FLEET"},
            },
            {"idTag": "04A2", "idTagInfo": {"status": "Accepted"}},
        ]

    def test_without_entries_empties_the_list(self) -> None:
        payload = {"versionNumber": 3, "updateType": "Full"}
        assert told("SendLocalList", payload) == ("SendLocalList", {"listVersion": 3, "updateType": "Full"})

    def test_removes_who_has_no_information(self) -> None:
        gone = {"idToken": {"idToken": "04A1", "type": "ISO14443"}}
        assert sent(gone) == [{"idTag": "04A1"}]

    @pytest.mark.parametrize(
        ("status", "said"),
        [
            ("Accepted", "Accepted"), ("Blocked", "Blocked"), ("Expired", "Expired"), ("Invalid", "Invalid"),
            ("ConcurrentTx", "ConcurrentTx"), ("Unknown", "Invalid"), ("NoCredit", "Invalid"),
            ("NotAtThisTime", "Invalid"), ("NotAtThisLocation", "Invalid"), ("NotAllowedTypeEVSE", "Invalid"),
        ],
    )  # fmt: skip
    def test_calls_what_1_6_has_no_word_for_invalid(self, status: str, said: str) -> None:
        assert sent(entry(status=status))[0]["idTagInfo"] == {"status": said}

    def test_takes_the_words_of_1_6(self) -> None:
        payload = {"listVersion": 3, "updateType": "Differential", "localAuthorizationList": [{"idTag": "04A1"}]}
        assert told("SendLocalList", payload) == ("SendLocalList", payload)

    @pytest.mark.parametrize("token", [{"idToken": "x" * 21, "type": "Central"}])
    def test_cannot_say_long_tokens(self, token: dict[str, Any]) -> None:
        listed = [{"idToken": token}]
        payload = {"versionNumber": 1, "updateType": "Full", "localAuthorizationList": listed}
        assert refused("SendLocalList", payload) == "token has 21 characters, OCPP 1.6 allows 20"
        listed[0] = entry(groupIdToken=token)
        assert "21 characters" in refused("SendLocalList", payload)

    def test_names_nobody_twice(self) -> None:
        same = entry() | {"idToken": {"idToken": "04a1", "type": "eMAID"}}
        payload = {"versionNumber": 1, "updateType": "Full", "localAuthorizationList": [entry(), same]}
        assert refused("SendLocalList", payload) == "an idTag is in the list twice"

    @pytest.mark.parametrize("version", [0, -1])
    def test_does_not_use_the_versions_that_have_a_meaning(self, version: int) -> None:
        said = "listVersion has to be greater than 0, which stands for an empty list"
        assert refused("SendLocalList", {"versionNumber": version, "updateType": "Full"}) == said
        assert refused("SendLocalList", {"listVersion": version, "updateType": "Full"}) == said
