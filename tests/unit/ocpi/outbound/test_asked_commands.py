"""Commands of ours are told apart by a secret of which only the hash is kept."""

from services.ocpi.outbound.asked_commands import answered, secret_sha256, sent

WHOSE = ("t", "DE-ALP")


class TestSent:
    def test_keeps_no_secret(self) -> None:
        one = sent(WHOSE, "STOP_SESSION", "2.2.1", {"session_id": "S1"}, "secret", "cli", 1000)
        assert one.secret_sha256 == secret_sha256("secret")
        assert "secret" not in repr(one).replace("secret_sha256", "")
        assert (one.requested_at, one.expires_at) == (1000, 121_000)

    def test_are_two_when_the_same_is_asked_twice(self) -> None:
        ids = {sent(WHOSE, "STOP_SESSION", "2.2.1", {}, secret, "cli", 1).command_id for secret in "ab"}
        assert len(ids) == 2


class TestAnswered:
    def test_at_once_and_later_are_two_events(self) -> None:
        one = sent(WHOSE, "STOP_SESSION", "2.2.1", {}, "secret", "cli", 1)
        first, last = (answered(one, "ACCEPTED", "", 2, final=final) for final in (False, True))
        assert first.event_id != last.event_id
        assert (first.command_id, first.key) == (last.command_id, one.key)
