"""What partners have not been told yet outlives the process, waits its turn, and what is refused is kept."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.domain.events.common import DeliveryOutcome
from services.domain.events.delivery import PushQueued
from services.domain.events.dlq import DeadLetter
from services.domain.events.session import Session
from services.ocpi.cli import partner as wattlog_partner
from services.ocpi.push.telling import DEAD_LETTERS
from services.runtime.codec import Codec
from services.runtime.settings import KafkaSettings
from tests.integration.ocpi_case import say
from tests.integration.push_case import (
    Answer,
    Got,
    attempts,
    environment,
    issued,
    numbered,
    prepared,
    push_settings,
    pushing,
    receiver,
    records,
    told_at,
    until,
    waiting,
)
from tests.unit.ocpi.facts import START, TENANT, connection, location, station, station_status, token

pytestmark = pytest.mark.integration

CODEC = Codec()
RECORDS = 150
KILLS = 2
QUEUED = 100_000


class TestKilling:
    def test_loses_nothing(self, own_kafka: KafkaSettings, tmp_path: Path) -> None:
        """Every record is told at least once."""
        prepared(own_kafka)
        told = os.environ | environment(own_kafka, tmp_path)
        with receiver(lambda _: Answer(wait_s=0.02)) as emsp:
            say(own_kafka, told_at(emsp.url, tmp_path), token())
            say(own_kafka, *(issued(number) for number in range(RECORDS)))
            for number in range(KILLS + 1):
                process = subprocess.Popen([sys.executable, "-m", "services", "ocpi-push"], env=told)
                try:
                    enough = (number + 1) * 40 if number < KILLS else RECORDS
                    until(lambda enough=enough: len({one.object_id for one in emsp.of("POST")}) >= enough)
                    if number == KILLS:
                        until(lambda: not waiting(own_kafka))
                finally:
                    process.send_signal(signal.SIGKILL)
                    process.wait()
            # Of a request that was cut off there is no body.
            posted = [one.object_id for one in emsp.of("POST") if one.body]
        assert set(posted) == {issued(number).cdr_id for number in range(RECORDS)}
        delivered = {one.object_id for one in attempts(own_kafka) if one.outcome is DeliveryOutcome.DELIVERED}
        assert delivered == set(posted)


class TestALongQueue:
    def test_does_not_delay_what_happens_now(self, own_kafka: KafkaSettings, tmp_path: Path) -> None:
        prepared(own_kafka)
        say(own_kafka, *(queued(numbered(number)) for number in range(QUEUED)))
        with receiver() as emsp:
            say(own_kafka, told_at(emsp.url, tmp_path), token())
            with pushing(push_settings(own_kafka, tmp_path)):
                until(lambda: len(emsp.got) > 20)
                news = issued(7, at=int(time.time() * 1000))
                say(own_kafka, news)
                (first,) = until(lambda: emsp.of("POST"))
                backlog_told = first.number
        assert first.object_id == news.cdr_id
        assert backlog_told < QUEUED / 10


class TestRefusals:
    def test_become_dead_letters_that_can_be_queued_again(
        self, own_kafka: KafkaSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        prepared(own_kafka)
        for name, value in environment(own_kafka, tmp_path).items():
            monkeypatch.setenv(name, value)
        bad = issued(1).cdr_id

        def answer(got: Got) -> Answer:
            return Answer(ocpi=2001) if got.object_id == bad and not mended else Answer()

        mended: list[bool] = []
        with receiver(answer) as emsp:
            say(own_kafka, told_at(emsp.url, tmp_path), token())
            with pushing(push_settings(own_kafka, tmp_path)):
                say(own_kafka, *(issued(number) for number in range(3)))
                until(lambda: records(own_kafka, DEAD_LETTERS) and not waiting(own_kafka))
                ((_, letter),) = records(own_kafka, DEAD_LETTERS)
                assert isinstance(letter, DeadLetter)
                assert "OCPI 2001" in letter.reason
                until(lambda: "OCPI 2001" in wattlog("deliveries", "nl-tnm"))
                mended.append(True)
                assert wattlog("redeliver", "NL-TNM", "--dry-run").startswith(
                    "1 refused by NL-TNM would be queued"
                )
                assert wattlog("redeliver", "NL-TNM").startswith("1 refused by NL-TNM queued again; 0 were")
                until(lambda: [one.object_id for one in emsp.of("POST")].count(bad) == 2)
                assert wattlog("redeliver", "NL-TNM").startswith("0 refused by NL-TNM queued again; 1 were")
                until(lambda: not waiting(own_kafka))
        outcomes = [one.outcome for one in attempts(own_kafka) if one.object_id == bad]
        assert outcomes == [DeliveryOutcome.REFUSED, DeliveryOutcome.DELIVERED]

    def test_of_an_evses_status_are_answered_with_the_whole_location(
        self, own_kafka: KafkaSettings, tmp_path: Path
    ) -> None:
        prepared(own_kafka)

        def answer(got: Got) -> Answer:
            return Answer(http=404, ocpi=2003) if got.method in ("PATCH", "GET") else Answer()

        with receiver(answer) as emsp:
            say(own_kafka, told_at(emsp.url, tmp_path), location(), station(), connection())
            with pushing(push_settings(own_kafka, tmp_path)):
                until(lambda: emsp.of("PUT") and emsp.of("PATCH") and not waiting(own_kafka))
                say(own_kafka, station_status())
                until(lambda: [one for one in emsp.of("PUT") if one.body["evses"][0]["status"] == "AVAILABLE"])
                until(lambda: not waiting(own_kafka))
        assert records(own_kafka, DEAD_LETTERS) == []


class TestACommand:
    def test_about_a_partner_that_was_told_nothing_says_so(
        self, own_kafka: KafkaSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        prepared(own_kafka)
        for name, value in environment(own_kafka, tmp_path).items():
            monkeypatch.setenv(name, value)
        assert "nothing was told to DE-XYZ yet" in wattlog("deliveries", "DE-XYZ", status=1)


def queued(session: Session) -> PushQueued:
    """What the fold says of a session of some time ago."""
    return PushQueued(
        tenant=TENANT, partner_id="NL-TNM", push_id=session.session_id, module="sessions",
        object_id=session.session_id, cause=Session.FULL_NAME, version=session.version, changed_at=START,
        state=CODEC.encode(session),
    )  # fmt: skip


def wattlog(*arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(wattlog_partner, list(arguments))
    assert result.exit_code == status, result.output
    return result.output
