"""What a link opens, and that nothing else is told from anything else."""

import io
from dataclasses import replace
from typing import Any
from zipfile import ZipFile

import httpx
import pytest

from services.domain.proof_link import secret
from services.domain.signed_meter.containers import read_sessions
from services.evidence.page.case import Case
from services.evidence.page.server import application, assets, listen
from services.evidence.page.settings import PageSettings
from services.runtime.clickhouse import Refused, Unreachable
from tests.unit.evidence.page.case_of import CDR_ID, case_of
from tests.unit.evidence.signing import pair, value

SECRET = secret(pair())
LINK = f"/proof/t/{CDR_ID}/{SECRET}"


async def asked(
    *paths: str, find: Any = None, method: str = "GET", per_minute: int = 1_000
) -> list[httpx.Response]:
    def known(tenant: str, cdr_id: str) -> Case | None:
        return case_of() if (tenant, cdr_id) == ("t", CDR_ID) else None

    app = application(PageSettings(proof_requests_per_minute=per_minute), find or known, lambda: 1_000)
    transport = httpx.ASGITransport(app, client=("192.0.2.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://proof") as client:
        return [await client.request(method, path) for path in paths]


class TestPage:
    async def test_opens_by_its_link_without_a_login(self) -> None:
        (answer,) = await asked(LINK)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "12.25 kWh" in answer.text

    async def test_may_load_nothing_and_be_kept_nowhere(self) -> None:
        (answer,) = await asked(LINK)
        wanted = {
            "content-security-policy": assets().policy, "cache-control": "no-store",
            "referrer-policy": "no-referrer", "x-content-type-options": "nosniff", "x-robots-tag": "noindex",
        }  # fmt: skip
        assert wanted.items() <= dict(answer.headers).items()

    async def test_gives_document_and_zip(self) -> None:
        document, whole = await asked(f"{LINK}/{CDR_ID}.xml", f"{LINK}/{CDR_ID}.zip")
        assert len(read_sessions(document.content)[0]) == 2
        with ZipFile(io.BytesIO(whole.content)) as archive:
            assert archive.read("transparency.xml") == document.content
        assert whole.headers["content-disposition"] == f"attachment; filename={CDR_ID}.zip"


class TestStranger:
    async def test_is_told_the_same_whatever_is_wrong(self) -> None:
        other = CDR_ID.replace("6", "7")
        answers = await asked(
            "/", "/proof", f"/proof/t/{CDR_ID}", f"/proof/t/{CDR_ID}/", f"/proof/t/{CDR_ID}/{'0' * 64}",
            f"/proof/t/{CDR_ID}/{SECRET[:-1]}", f"/proof/t/{other}/{SECRET}", f"/proof/o/{CDR_ID}/{SECRET}",
            f"/proof/t/../{SECRET}", f"/proof/t/' OR 1=1 --/{SECRET}", f"{LINK}/other.xml", f"{LINK}/{CDR_ID}.pdf",
            f"/proof/t/{CDR_ID}/{'0' * 64}/{CDR_ID}.zip", f"/proof/t/{CDR_ID}/%C3%A9",
        )  # fmt: skip
        assert {(one.status_code, one.text, str(sorted(one.headers.items()))) for one in answers} == {
            (404, answers[0].text, str(sorted(answers[0].headers.items())))
        }

    async def test_gets_nothing_by_other_methods(self) -> None:
        (answer,) = await asked(LINK, method="POST")
        assert answer.status_code == 404

    async def test_sees_no_record_that_has_nothing_signed(self) -> None:
        def nothing(tenant: str, cdr_id: str) -> Case:
            case = case_of(value("x"))
            return case._replace(record=_unsigned(case))

        (answer,) = await asked(f"/proof/t/{CDR_ID}/{secret(())}", find=nothing)
        assert answer.status_code == 404

    async def test_may_not_ask_for_ever(self) -> None:
        answers = await asked(*["/proof/t/x/y"] * 3, LINK, per_minute=3)
        assert [one.status_code for one in answers] == [404, 404, 404, 429]
        assert answers[3].headers["retry-after"] == "60"


def _unsigned(case: Case) -> Any:
    return replace(case.record, detail=replace(case.record.detail, signed_meter_values=()))


class TestTrouble:
    @pytest.mark.parametrize("error", [Unreachable("away"), Refused("no such table")])
    async def test_of_ours_is_said_and_passes(self, error: Exception) -> None:
        def away(*_: str) -> Case:
            raise error

        (answer,) = await asked(LINK, find=away)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")

    async def test_with_a_document_that_cannot_be_made_is_that_there_is_none(self) -> None:
        values = (value("nothing that is known"),)
        (answer,) = await asked(
            f"/proof/t/{CDR_ID}/{secret(values)}/{CDR_ID}.xml", find=lambda *_: case_of(*values)
        )
        assert answer.status_code == 404

    def test_with_the_port_says_what_to_do(self) -> None:
        with listen(PageSettings(proof_port=0)) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(OSError, match=r"drivers' pages .* set WATTLOG_PROOF_PORT"):
                listen(PageSettings(proof_port=port))
