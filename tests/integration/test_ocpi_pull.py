"""Partners pull sessions and CDRs from a running edge: real socket, ClickHouse and Kafka."""

import base64
import hashlib
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import httpx
import pytest

from services.domain.events.cdr import Cdr
from services.domain.events.common import CdrStatus, IdToken, SettlementStep
from services.domain.events.session import Session
from services.domain.events.settlement import CdrStepRequested
from services.domain.ids import derived_id
from services.domain.units import parse_rfc3339, rfc3339
from services.ocpi.directory import TOPICS
from services.ocpi.inbound.authorization import token_hash
from services.ocpi.settings import OcpiSettings
from services.runtime.clock import now_ms
from services.runtime.codec import Codec
from services.runtime.settings import KafkaSettings
from services.runtime.topics import create_topics
from tests.chaos.checker import read_all
from tests.golden.ocpi.contracts import fyi_complaints, needs_specs
from tests.integration.ocpi_case import Warehouse, client_of, running_edge, say, warehouse
from tests.integration.test_processors import wait_for
from tests.unit.ocpi import facts
from tests.unit.ocpi.facts import UID, cdr, detail, partner, session, signed, station, tariff, token

pytestmark = pytest.mark.integration

OTHER_TOKEN = "a-token-of-another-provider"
ODD_UID = "X') OR 1=1 --\\'"
LONG_AGO = 1_790_000_000_000


@dataclass(frozen=True)
class Case:
    """A running edge and the tables that it reads."""

    settings: OcpiSettings
    tables: Warehouse
    kafka: KafkaSettings


@pytest.fixture(scope="module")
def running(kafka: KafkaSettings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    own = replace(kafka, topic_prefix="ocpi-pull.")
    create_topics(own, TOPICS)
    say(
        own,
        partner(),
        partner(partner_id="DE-8AA", country_code="DE", party_id="8AA", token_hash=token_hash(OTHER_TOKEN)),
        partner(partner_id="FR-SUS", token_hash=token_hash("suspended"), enabled=False),
        partner(tenant="other", token_hash=token_hash("other-tenant")),
        station(),
        tariff(terms=replace(facts.TERMS, currency="NOK")),
        token(),
        token(token_uid=ODD_UID),
        token(token_uid="DE01", contract_id="DE-8AA-CA2B3C4D5-N"),
        *(token(token_uid=f"CARD{number:08}", contract_id="FR-BIG-C00000000-X") for number in range(20_000)),
        partner(partner_id="FR-BIG", country_code="FR", party_id="BIG", token_hash=token_hash("big")),
    )
    with (
        warehouse(tmp_path_factory.mktemp("ocpi")) as (tables, clickhouse),
        running_edge(own, clickhouse, ocpi_strangers_per_minute=100_000) as chosen,
    ):
        yield Case(chosen, tables, own)


@pytest.fixture
def case(running: Case) -> Case:
    running.tables.empty()
    return running


@pytest.fixture
def client(case: Case) -> Iterator[httpx.Client]:
    with client_of(case.settings) as asking:
        yield asking


_numbers = itertools.count(1)


def some_cdr(updated_at: int, **changes: Any) -> Cdr:
    cdr_id = derived_id("cdr", next(_numbers))
    return cdr(detail(cdr_id=cdr_id, **changes), updated_at=updated_at)


def some_session(updated_at: int, **changes: Any) -> Session:
    return session(session_id=derived_id("session", next(_numbers)), updated_at=updated_at, **changes)


def page(client: httpx.Client, url: str, **params: Any) -> tuple[list[dict[str, Any]], httpx.Response]:
    answer = client.get(url, params=params) if params else client.get(url)
    told = answer.json()
    assert (answer.status_code, told["status_code"]) == (200, 1000), answer.text
    return told["data"], answer


def next_of(answer: httpx.Response) -> str | None:
    link = answer.headers.get("Link")
    if link is None:
        return None
    match = re.fullmatch(r'<([^>]+)>; rel="next"', link)
    assert match is not None
    return match[1]


def crawl(client: httpx.Client, url: str, **params: Any) -> Iterator[list[dict[str, Any]]]:
    """Page after page, as a partner follows the links."""
    objects, answer = page(client, url, **params)
    yield objects
    while (url := next_of(answer) or "") != "":
        objects, answer = page(client, url)
        yield objects


def all_of(client: httpx.Client, url: str, **params: Any) -> list[dict[str, Any]]:
    return [found for objects in crawl(client, url, **params) for found in objects]


class TestEndpoints:
    def test_are_found_from_versions_on(self, client: httpx.Client, case: Case) -> None:
        versions, _ = page(client, "/ocpi/versions")
        (version,) = [version for version in versions if version["version"] == "2.2.1"]
        details, answer = page(client, version["url"])
        case.tables.put([session(), cdr()])
        endpoints = {(found["identifier"], found["role"]): found["url"] for found in details["endpoints"]}  # type: ignore[call-overload]
        assert {
            *((module, "SENDER") for module in ("credentials", "locations", "tariffs", "sessions", "cdrs")),
            *((module, "RECEIVER") for module in ("tokens", "commands", "chargingprofiles")),
        } <= endpoints.keys()
        assert len(page(client, endpoints["sessions", "SENDER"])[0]) == 1
        assert len(page(client, endpoints["cdrs", "SENDER"])[0]) == 1
        assert "OCPI-to-party-id" not in answer.headers

    def test_show_the_credentials_with_the_token_that_asks(self, client: httpx.Client) -> None:
        told, answer = page(client, "/ocpi/2.2.1/credentials")
        assert told["token"] == facts.PARTNER_TOKEN  # type: ignore[call-overload]
        assert "OCPI-to-party-id" not in answer.headers

    def test_have_routing_headers_on_functional_modules(self, client: httpx.Client) -> None:
        _, answer = page(client, "/ocpi/2.2.1/cdrs")
        routed = {
            name: answer.headers[f"OCPI-{name}"] for name in ("from-party-id", "to-party-id", "to-country-code")
        }
        assert routed == {"from-party-id": "WAT", "to-party-id": "TNM", "to-country-code": "NL"}

    def test_explain_that_a_partner_is_registered_already(self, client: httpx.Client) -> None:
        answer = client.post("/ocpi/2.2.1/credentials", json={"token": "x"})
        assert (answer.status_code, answer.json()["status_code"]) == (405, 2000)
        assert "use PUT" in answer.json()["status_message"]

    @needs_specs
    def test_answer_as_others_understand_the_specification(self, client: httpx.Client, case: Case) -> None:
        case.tables.put([session(), cdr()])
        for path, file, schema in (
            ("versions", "versions.yaml", "VersionListResponse"),
            ("2.2.1", "versions.yaml", "VersionDetailsResponse"),
            ("2.2.1/credentials", "credentials.yaml", "CredentialsResponse"),
            ("2.2.1/sessions", "sessions.yaml", "SessionListResponse"),
            ("2.2.1/cdrs", "cdrs.yaml", "CDRListResponse"),
        ):
            assert fyi_complaints(client.get(f"/ocpi/{path}").json(), file, schema) == []


class TestObjects:
    def test_keep_every_digit(self, client: httpx.Client, case: Case) -> None:
        exact = Decimal("123456789012.3456")
        case.tables.put([some_session(LONG_AGO, energy_wh=exact), some_cdr(LONG_AGO, energy_wh=exact)])
        assert '"kwh":123456789.0123456,' in client.get("/ocpi/2.2.1/sessions").text
        assert '"total_energy":123456789.0123456,' in client.get("/ocpi/2.2.1/cdrs").text

    def test_carry_signed_records_with_the_same_hash(self, client: httpx.Client, case: Case) -> None:
        record = signed('OCMF|{"VI":"Zähler\u2028", "RV":0012345.6780}|{"SD":"ab"}')
        case.tables.put([some_cdr(LONG_AGO, signed_meter_values=(record,))])
        (found,), _ = page(client, "/ocpi/2.2.1/cdrs")
        (value,) = found["signed_data"]["signed_values"]
        assert hashlib.sha256(base64.b64decode(value["signed_data"])).hexdigest() == record.sha256

    def test_are_delivered_as_far_as_settlement_is_concerned(self, client: httpx.Client, case: Case) -> None:
        given = some_cdr(LONG_AGO)
        case.tables.put([given])
        for _ in range(2):
            page(client, "/ocpi/2.2.1/cdrs")

        def steps() -> list[CdrStepRequested]:
            found = [
                Codec().decode(value) for _, _, value in read_all(case.kafka, CdrStepRequested.TOPIC) if value
            ]
            return [one for one in found if one.cdr_id == given.cdr_id]

        wait_for(lambda: bool(steps()), steps)
        (step,) = steps()
        assert (step.step, step.requested_by) == (SettlementStep.DELIVER, "NL-TNM")

    def test_give_records_whole_where_ocpi_cannot_carry_them(self, client: httpx.Client, case: Case) -> None:
        records = (signed(b"OCMF|\xff\xfe" + b"x" * 9_000), signed(facts.OCMF, "Transaction.End"))
        case.tables.put([some_cdr(LONG_AGO, signed_meter_values=records)])
        (found,), _ = page(client, "/ocpi/2.2.1/cdrs")
        url = found["signed_data"]["url"]
        told = httpx.get(url, trust_env=False).json()["data"]["signed_meter_values"]
        fetched = [base64.b64decode(value["signed_data"]) for value in told]
        assert fetched == [record.signed_data for record in records]
        assert httpx.get(url[:-1] + ("0" if url[-1] != "0" else "1"), trust_env=False).status_code == 404
        assert httpx.get(url.replace(found["id"], "' OR 1=1"), trust_env=False).status_code == 404

    def test_show_the_currency_of_the_stations_tariff(self, client: httpx.Client, case: Case) -> None:
        case.tables.put([some_session(LONG_AGO), some_session(LONG_AGO, station_id="DE-WAT-9999")])
        assert {found["currency"] for found in page(client, "/ocpi/2.2.1/sessions")[0]} == {"NOK", "EUR"}

    def test_say_that_their_provider_was_asked(self, client: httpx.Client, case: Case) -> None:
        asked = IdToken(value=facts.UID, authorization_method="AUTH_REQUEST", authorization_reference="A-7")
        case.tables.put([some_session(LONG_AGO, id_token=asked), some_cdr(LONG_AGO, id_token=asked)])
        for module in ("sessions", "cdrs"):
            (found,), _ = page(client, f"/ocpi/2.2.1/{module}")
            assert (found["auth_method"], found["authorization_reference"]) == ("AUTH_REQUEST", "A-7")

    def test_say_what_is_not_known(self, client: httpx.Client, case: Case) -> None:
        costs = ("energy_cost", "time_cost", "session_cost", "total_cost_excl_vat", "total_cost_incl_vat")
        unknown = ("location", "tariff", "id_token", "evse_id", "evse_uid", "connector_id", *costs)
        case.tables.put([some_cdr(LONG_AGO, periods=(), signed_meter_values=(), **dict.fromkeys(unknown))])
        (found,), _ = page(client, "/ocpi/2.2.1/cdrs")
        assert (found["cdr_location"]["address"], found["cdr_token"]["uid"]) == ("#NA", "#NA")
        assert (found["total_cost"], found["currency"], found["remark"][:10]) == (
            {"excl_vat": 0},
            "EUR",
            "Not priced",
        )

    def test_are_the_latest_version_only(self, client: httpx.Client, case: Case) -> None:
        old = some_session(LONG_AGO)
        case.tables.put([old])
        case.tables.put([replace(old, version=3, energy_wh=Decimal(5000), updated_at=LONG_AGO + 1)])
        case.tables.put([replace(old, version=1, energy_wh=Decimal(1), updated_at=LONG_AGO - 1)])
        (found,), answer = page(client, "/ocpi/2.2.1/sessions")
        assert (found["kwh"], answer.headers["X-Total-Count"]) == (5, "1")


class TestScope:
    def test_shows_each_partner_its_own_and_nothing_else(self, case: Case) -> None:
        ours = [some_session(LONG_AGO), some_cdr(LONG_AGO)]
        theirs = [
            some_session(LONG_AGO, id_token=IdToken(value="DE01")),
            some_cdr(LONG_AGO, contract_id="DE-8AA-CA2B3C4D5-N"),
        ]
        nobodys = [
            some_session(LONG_AGO, id_token=None),
            some_session(LONG_AGO, id_token=IdToken(value="UNKNOWN")),
            some_cdr(LONG_AGO, contract_id=None),
            some_cdr(LONG_AGO, contract_id="NLTN"),
        ]
        foreign = [some_session(LONG_AGO, tenant="other"), cdr(detail(tenant="other"), updated_at=LONG_AGO)]
        case.tables.put([*ours, *theirs, *nobodys, *foreign])
        for key, states in ((facts.PARTNER_TOKEN, ours), (OTHER_TOKEN, theirs)):
            with client_of(case.settings, key) as client:
                found = [page(client, f"/ocpi/2.2.1/{module}") for module in ("sessions", "cdrs")]
            assert [objects[0]["id"] for objects, _ in found] == [states[0].session_id, states[1].cdr_id]  # type: ignore[union-attr]
            assert [answer.headers["X-Total-Count"] for _, answer in found] == ["1", "1"]

    def test_follows_the_token_whatever_the_routing_headers_claim(self, client: httpx.Client, case: Case) -> None:
        case.tables.put([some_cdr(LONG_AGO, contract_id="DE-8AA-CA2B3C4D5-N")])
        claimed = {"OCPI-from-country-code": "DE", "OCPI-from-party-id": "8AA"}
        assert client.get("/ocpi/2.2.1/cdrs", headers=claimed).json()["data"] == []

    def test_cannot_be_left_by_a_cursor(self, client: httpx.Client, case: Case) -> None:
        case.tables.put([some_cdr(LONG_AGO, contract_id="DE-8AA-CA2B3C4D5-N")])
        assert page(client, "/ocpi/2.2.1/cdrs", cursor=f"{now_ms()}_0_a")[0] == []

    def test_knows_contracts_and_cards_however_they_are_written(self, client: httpx.Client, case: Case) -> None:
        case.tables.put(
            [
                some_cdr(LONG_AGO, contract_id="nl*tnm*c12345678*x"),
                some_session(LONG_AGO, id_token=IdToken(value=f" {UID.lower()} ")),
                some_session(LONG_AGO, id_token=IdToken(value=ODD_UID)),
            ]
        )
        assert len(page(client, "/ocpi/2.2.1/cdrs")[0]) == 1
        assert len(page(client, "/ocpi/2.2.1/sessions")[0]) == 2

    def test_holds_for_a_provider_with_many_cards(self, case: Case) -> None:
        cards = [
            some_session(LONG_AGO, id_token=IdToken(value=f"CARD{number:08}")) for number in (0, 9_999, 19_999)
        ]
        case.tables.put([*cards, some_session(LONG_AGO)])
        with client_of(case.settings, "big") as client:
            assert len(page(client, "/ocpi/2.2.1/sessions")[0]) == 3

    def test_hides_records_that_are_held(self, client: httpx.Client, case: Case) -> None:
        held = replace(some_cdr(LONG_AGO), status=CdrStatus.HELD, held_reason="ESTIMATED_END")
        credited = replace(some_cdr(LONG_AGO), status=CdrStatus.CREDITED)
        case.tables.put([held, credited])
        assert [found["id"] for found in page(client, "/ocpi/2.2.1/cdrs")[0]] == [credited.cdr_id]

    def test_learns_of_partners_and_suspensions_at_once(self, case: Case) -> None:
        added = partner(partner_id="AT-NEW", party_id="NEW", country_code="AT", token_hash=token_hash("new"))
        with client_of(case.settings, "new") as client:
            assert client.get("/ocpi/versions").status_code == 401
            say(case.kafka, added)
            assert eventually(client, 200)
            say(case.kafka, replace(added, enabled=False))
            assert eventually(client, 401)


def eventually(client: httpx.Client, status: int) -> bool:
    """Whether the answer becomes this one; local copies follow Kafka within a moment."""
    return any(client.get("/ocpi/versions").status_code == status for _ in range(500))


class TestPaging:
    @pytest.mark.parametrize("module", ["sessions", "cdrs"])
    def test_gives_every_object_once_and_in_order(self, client: httpx.Client, case: Case, module: str) -> None:
        make = some_cdr if module == "cdrs" else some_session
        case.tables.put([make(LONG_AGO + number // 4) for number in range(25)])
        pages = list(crawl(client, f"/ocpi/2.2.1/{module}", limit=4))
        keys = [(found["last_updated"], found["id"]) for objects in pages for found in objects]
        assert [len(objects) for objects in pages] == [4, 4, 4, 4, 4, 4, 1]
        assert keys == sorted(set(keys))

    def test_counts_on_every_page(self, client: httpx.Client, case: Case) -> None:
        case.tables.put([some_cdr(LONG_AGO + number) for number in range(5)])
        answers = [page(client, "/ocpi/2.2.1/cdrs", limit=2)[1]]
        while (url := next_of(answers[-1])) is not None:
            answers.append(page(client, url)[1])
        told = [(answer.headers["X-Total-Count"], answer.headers["X-Limit"]) for answer in answers]
        assert told == [("5", "2")] * 3

    def test_has_no_next_page_after_the_last_full_one(self, client: httpx.Client, case: Case) -> None:
        case.tables.put([some_cdr(LONG_AGO + number) for number in range(4)])
        assert [len(objects) for objects in crawl(client, "/ocpi/2.2.1/cdrs", limit=2)] == [2, 2]

    def test_includes_date_from_and_excludes_date_to(self, client: httpx.Client, case: Case) -> None:
        case.tables.put([some_cdr(LONG_AGO + offset) for offset in (-1, 0, 1, 9, 10)])
        between = {"date_from": rfc3339(LONG_AGO), "date_to": rfc3339(LONG_AGO + 10)}
        found, answer = page(client, "/ocpi/2.2.1/cdrs", **between)
        assert [parse_rfc3339(one["last_updated"]) - LONG_AGO for one in found] == [0, 1, 9]
        assert answer.headers["X-Total-Count"] == "3"

    def test_makes_intervals_that_touch_meet_without_overlap(self, client: httpx.Client, case: Case) -> None:
        case.tables.put([some_cdr(LONG_AGO + offset) for offset in range(10)])
        edges = [rfc3339(LONG_AGO + offset) for offset in (0, 3, 4, 10)]
        found = [
            one["id"]
            for start, end in itertools.pairwise(edges)
            for one in all_of(client, "/ocpi/2.2.1/cdrs", date_from=start, date_to=end, limit=2)
        ]
        assert len(found) == len(set(found)) == 10

    def test_keeps_the_filters_in_the_link(self, client: httpx.Client, case: Case) -> None:
        case.tables.put([some_cdr(LONG_AGO + offset) for offset in range(5)])
        between = {"date_from": "2026-01-01T00:00:00", "date_to": "2099-12-31T23:59:59.5Z"}
        _, answer = page(client, "/ocpi/2.2.1/cdrs", limit=2, **between)
        url = next_of(answer) or ""
        assert url.startswith(
            f"{case.settings.public_url}/ocpi/2.2.1/cdrs?date_from=2026-01-01T00:00:00&date_to=2099-12"
        )
        assert "&offset=2&limit=2&" in url

    def test_can_be_done_by_offset_alone(self, client: httpx.Client, case: Case) -> None:
        case.tables.put([some_cdr(LONG_AGO + number) for number in range(7)])
        found = [
            one["id"]
            for offset in (0, 3, 6, 9)
            for one in page(client, "/ocpi/2.2.1/cdrs", offset=offset, limit=3)[0]
        ]
        assert len(found) == len(set(found)) == 7

    @pytest.mark.parametrize("offset", [7, 10**9, 2**53 - 1])
    def test_is_empty_beyond_the_end(self, client: httpx.Client, case: Case, offset: int) -> None:
        case.tables.put([some_cdr(LONG_AGO)])
        found, answer = page(client, "/ocpi/2.2.1/cdrs", offset=offset)
        assert (found, answer.headers["X-Total-Count"], next_of(answer)) == ([], "1", None)


class TestPagingOfCreditedRecords:
    def test_has_each_once_where_it_stands_and_counts_it_once(self, client: httpx.Client, case: Case) -> None:
        states = [some_cdr(LONG_AGO + number) for number in range(40)]
        case.tables.put(states)
        credited = [
            replace(
                state, status=CdrStatus.CREDITED, issued_at=state.updated_at, updated_at=LONG_AGO + 100 + number
            )
            for number, state in enumerate(states[5:35])
        ]
        case.tables.put(credited)
        standing = [*states[:5], *states[35:], *credited]
        found, answer = page(client, "/ocpi/2.2.1/cdrs", limit=3)
        assert answer.headers["X-Total-Count"] == "40"
        assert [one["id"] for one in found] == [state.cdr_id for state in standing[:3]]
        case.tables.put(credited[:10])
        ids = [one["id"] for one in all_of(client, "/ocpi/2.2.1/cdrs", limit=3)]
        assert ids == [state.cdr_id for state in standing]
        assert [one["id"] for one in page(client, "/ocpi/2.2.1/cdrs", offset=8, limit=4)[0]] == ids[8:12]


class TestPagingWhileObjectsChange:
    def touched(self, state: Session) -> Session:
        return replace(state, version=state.version + 1, updated_at=now_ms(), energy_wh=Decimal(9999))

    def test_loses_nothing_when_an_object_that_was_read_changes(self, client: httpx.Client, case: Case) -> None:
        states = [some_session(LONG_AGO + number) for number in range(9)]
        case.tables.put(states)
        seen: list[str] = []
        for objects in crawl(client, "/ocpi/2.2.1/sessions", limit=3):
            seen += [found["id"] for found in objects]
            case.tables.put([self.touched(states[0])])
        assert sorted(seen) == sorted(state.session_id for state in states)

    def test_leaves_objects_that_come_meanwhile_to_the_next_pull(self, client: httpx.Client, case: Case) -> None:
        case.tables.put([some_session(LONG_AGO + number) for number in range(6)])
        pages = crawl(client, "/ocpi/2.2.1/sessions", limit=3)
        first = next(pages)
        begun = now_ms()
        late = some_session(begun)
        case.tables.put([late])
        assert len(first + [found for objects in pages for found in objects]) == 6
        after = all_of(client, "/ocpi/2.2.1/sessions", date_from=rfc3339(begun))
        assert [found["id"] for found in after] == [late.session_id]

    @pytest.mark.parametrize("remember", ["the time of asking", "the latest that was seen"])
    def test_leaves_a_partner_with_what_we_have(self, client: httpx.Client, case: Case, remember: str) -> None:
        """A partner crawls while sessions change under it, then pulls what is new until nothing is."""
        states = {number: some_session(LONG_AGO + number) for number in range(40)}
        case.tables.put(states.values())
        changes = [3, 39, 20, 20, 5, 38, 12, 0, 39, 21, 22, 23, 7, 7]
        partner_has: dict[str, Any] = {}
        since, done = rfc3339(LONG_AGO), False
        while not done:
            begun, done, ids = now_ms(), not changes, []
            for objects in crawl(client, "/ocpi/2.2.1/sessions", date_from=since, limit=7):
                ids += [found["id"] for found in objects]
                partner_has |= {found["id"]: found for found in objects}
                if changes:
                    number = changes.pop(0)
                    states[number] = self.touched(states[number])
                    case.tables.put([states[number]])
            assert len(ids) == len(set(ids)), "an object came twice in one crawl"
            latest = max(found["last_updated"] for found in partner_has.values())
            since = rfc3339(begun) if remember == "the time of asking" else latest
        ours = {state.session_id: state.updated_at for state in states.values()}
        theirs = {found["id"]: parse_rfc3339(found["last_updated"]) for found in partner_has.values()}
        assert theirs == ours


class TestHostileInput:
    @pytest.mark.parametrize("path", ["cdrs", "sessions"])
    @pytest.mark.parametrize(
        "query",
        [
            "limit=0",
            "limit=-1",
            "limit=1e3",
            "limit=99999999999999999999999",
            "offset=-1",
            "offset=abc",
            "offset=1;DROP TABLE cdrs",
            "date_from=x",
            "date_to=2026-01-01T00:00:00Z' OR '1'='1",
            "date_from=222222017-10-27T19:10:11Z",
            "date_from=%00%00",
            "cursor=1_1_' UNION ALL SELECT 1",
            "cursor={tenant:String}",
        ],
    )
    def test_in_parameters_is_refused_in_the_envelope(self, client: httpx.Client, path: str, query: str) -> None:
        answer = client.get(f"/ocpi/2.2.1/{path}?{query}")
        assert (answer.status_code, answer.json()["status_code"]) == (200, 2001)

    @pytest.mark.parametrize(
        "query",
        ["limit=5&limit=6", "x='; DROP TABLE cdrs --", "date_from=", "%ff=%ff", "limit=1000&" + "a=b&" * 500],
    )
    def test_that_does_no_harm_is_ignored(self, client: httpx.Client, case: Case, query: str) -> None:
        case.tables.put([some_cdr(LONG_AGO)])
        assert len(client.get(f"/ocpi/2.2.1/cdrs?{query}").json()["data"]) == 1

    @pytest.mark.parametrize(
        "value",
        [
            "",
            "Token",
            "Token " + base64.b64encode(base64.b64encode(facts.PARTNER_TOKEN.encode())).decode(),
            "Token " + "A" * 10_000,
            "Bearer " + facts.PARTNER_TOKEN,
            f"Token {facts.PARTNER_TOKEN.upper()}",
            "Token suspended",
            "Token " + facts.partner().token_hash,
            b"Token \xff\xfe",
            b"Token \xc3\xa4\xc3\xb6",
        ],
    )
    def test_in_tokens_is_answered_like_no_token(self, case: Case, value: str | bytes) -> None:
        with client_of(case.settings, None) as client:
            told = client.get("/ocpi/2.2.1/cdrs", headers=[("Authorization", value)])  # type: ignore[list-item]
            none = client.get("/ocpi/2.2.1/cdrs")
        timeless = re.compile(rb'"timestamp":"[^"]+"')
        assert told.status_code == none.status_code == 401
        assert timeless.sub(b"", told.content) == timeless.sub(b"", none.content)
        assert told.headers.keys() == none.headers.keys()

    @pytest.mark.parametrize(
        ("path", "status", "code"),
        [
            ("/ocpi/2.0", 404, 3002),
            ("/ocpi/3.0/cdrs", 404, 3002),
            ("/ocpi/..%2f..%2fetc", 404, 3002),
            ("/ocpi/2.2.1/tokens", 404, 2000),
            ("/ocpi/2.2.1/cdrs/NL/TNM/1", 404, 2000),
            ("/ocpi", 404, 2000),
            ("/openapi.json", 404, 2000),
            ("/docs", 404, 2000),
        ],
    )
    def test_in_paths_finds_nothing(self, client: httpx.Client, path: str, status: int, code: int) -> None:
        answer = client.get(path)
        assert (answer.status_code, answer.json()["status_code"]) == (status, code)

    @pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"])
    def test_in_methods_is_not_allowed(self, client: httpx.Client, method: str) -> None:
        for path in ("/ocpi/versions", "/ocpi/2.2.1", "/ocpi/2.2.1/sessions", "/ocpi/2.2.1/cdrs"):
            answer = client.request(method, path)
            assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")

    def test_in_bodies_is_not_read(self, client: httpx.Client) -> None:
        answer = client.request("GET", "/ocpi/versions", content=b'{"a":' * 100_000)
        assert answer.json()["status_code"] == 1000

    def test_in_headers_is_bounded(self, case: Case) -> None:
        with client_of(case.settings, None) as client:
            try:
                status = client.get("/ocpi/versions", headers={"X-Padding": "x" * 2_000_000}).status_code
            except httpx.TransportError:
                status = 400  # Hung up on before all of it was sent.
            assert status in (400, 431)
            assert client.get("/ocpi/versions").status_code == 401

    def test_leaves_the_tables_alone(self, client: httpx.Client, case: Case) -> None:
        case.tables.put([some_cdr(LONG_AGO)])
        assert len(page(client, "/ocpi/2.2.1/cdrs")[0]) == 1
