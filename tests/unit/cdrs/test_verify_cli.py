"""`wattlog verify`, as people and programs use it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services.cdrs.verify_cli import app
from tests.unit.domain.signed_meter.keyring import sign, spki
from tests.unit.domain.signed_meter.ocmf_records import begin, end, payload, signed
from tests.unit.domain.signed_meter.test_vectors import VECTORS

KEY = spki("secp256r1").hex()
WHOLE = signed(payload(begin(), end()))


def run(*arguments: object, stdin: bytes | None = None) -> Result:
    # Wide enough that no path of a temporary file is broken over lines.
    return CliRunner(env={"COLUMNS": "5000"}).invoke(app, [str(one) for one in arguments], input=stdin)


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def record(tmp_path: Path) -> Path:
    path = tmp_path / "session.ocmf"
    path.write_text(WHOLE)
    return path


class TestJson:
    def test_is_one_line_for_each_file(self, record: Path) -> None:
        result = run("--json", "--key", KEY, record)
        assert result.exit_code == 0
        assert lines(result) == [
            {
                "file": str(record),
                "signature_valid": [True],
                "transaction_ok": True,
                "findings": [],
                "energy_kwh": "12.25",
            }
        ]

    def test_names_each_finding_once(self, tmp_path: Path) -> None:
        path = tmp_path / "bad"
        path.write_text(signed(payload(begin(ST="E"), end(ST="E"))))
        result = run("--json", "--key", KEY, path)
        assert result.exit_code == 1
        assert lines(result)[0]["findings"] == ["METER_STATUS"]

    def test_goes_on_after_a_file_that_is_none(self, record: Path, tmp_path: Path) -> None:
        (tmp_path / "nothing.txt").write_text("hello")
        result = run("--json", "--key", KEY, tmp_path / "missing", tmp_path / "nothing.txt", record)
        assert result.exit_code == 2
        missing, nothing, good = lines(result)
        assert missing["error"] == "cannot be read: No such file or directory"
        assert nothing["error"] == "no format of signed meter data is recognised"
        assert (nothing["signature_valid"], nothing["transaction_ok"], nothing["findings"]) == (
            [],
            False,
            ["FORMAT"],
        )
        assert good["transaction_ok"] is True

    def test_sums_up_files_with_several_sessions(self, tmp_path: Path) -> None:
        path = tmp_path / "two"
        path.write_text(f"{WHOLE}\n{WHOLE}\n{signed(payload(begin(), end(TX='X'), end()))}\n")
        (found,) = lines(run("--json", "--key", KEY, path))
        assert found["signature_valid"] == [True, True, True]
        assert (found["transaction_ok"], found["findings"]) == (None, ["EXCEPTION_READING"])
        assert found["energy_kwh"] == "36.75"

    def test_knows_no_sum_where_one_is_unknown(self, tmp_path: Path) -> None:
        path = tmp_path / "two"
        path.write_text(f"{WHOLE}\n{signed(payload(end()))}\n")
        (found,) = lines(run("--json", "--key", KEY, path))
        assert (found["transaction_ok"], found["energy_kwh"]) == (False, None)

    def test_takes_directories_and_leaves_signatures_in_them_alone(self, tmp_path: Path) -> None:
        inner = tmp_path / "deeper"
        inner.mkdir()
        (inner / "a.ocmf").write_text(WHOLE)
        (tmp_path / ".hidden").write_text("x")
        text = b'{"meter_startreading": 1.5, "meter_endreading": 2.5, "energy_units": "kWh"}'
        (inner / "secrrct").write_bytes(text)
        (inner / "secrrct.sign").write_bytes(sign("secp256r1", text))
        found = lines(run("--json", "--key", KEY, tmp_path))
        assert [Path(one["file"]).name for one in found] == ["a.ocmf", "secrrct"]
        assert [one["signature_valid"] for one in found] == [[True], [True]]

    def test_reads_no_pipes_and_nothing_hidden_in_directories(self, tmp_path: Path) -> None:
        (tmp_path / ".git").mkdir()
        (tmp_path / ".git" / "a").write_text("x")
        os.mkfifo(tmp_path / "pipe")
        assert lines(run("--json", tmp_path)) == []

    def test_survives_names_that_no_file_can_have(self) -> None:
        result = run("--json", "a" * 5_000)
        assert result.exit_code == 2
        assert "error" in lines(result)[0]

    def test_reads_standard_input(self) -> None:
        assert lines(run("--json", "--key", KEY, "-", stdin=WHOLE.encode()))[0]["transaction_ok"] is True

    @pytest.mark.skipif(not VECTORS.is_dir(), reason="the signed-meter vectors are not beside the repository")
    def test_is_right_about_every_published_vector(self) -> None:
        wrong = []
        for found in lines(run("--json", *sorted(VECTORS.glob("*/*.json")))):
            expected = json.loads(Path(found["file"]).read_text("utf-8"))["expected"]
            names = ["signature_valid", *(["energy_kwh"] if "energy_kwh" in expected else [])]
            names += ["transaction_ok"] if expected["transaction_ok"] is not None else []
            judged = expected["transaction_ok"] is not None or bool(expected["findings"])
            same = all(found[name] == expected[name] for name in names)
            if not same or (judged and set(found["findings"]) != set(expected["findings"])):
                wrong.append(found)
        assert wrong == []


class TestPeople:
    def test_are_told_what_may_be_done(self, record: Path) -> None:
        result = run("--key", KEY, record)
        assert result.exit_code == 0
        assert f"{record}: may be billed, 12.25 kWh\n" in result.stdout
        assert "signature true, meter M1, page T7, key secp256r1" in result.stdout
        assert "from the register" in result.stdout

    def test_are_told_what_is_wrong_and_by_which_law(self, tmp_path: Path) -> None:
        path = tmp_path / "bad"
        path.write_text(signed(payload(begin(), end(ST="E"))))
        result = run("--key", KEY, path)
        assert "must not be billed, 12.25 kWh" in result.stdout
        assert "refused: METER_STATUS ST: The meter did not report good working order. (E at" in result.stdout
        assert "[MessEG §33(1)]" in result.stdout

    def test_are_told_when_only_the_time_is_not_proven(self, tmp_path: Path) -> None:
        path = tmp_path / "time"
        path.write_text(signed(payload(begin(), end(EF="t"))))
        result = run("--key", KEY, path)
        assert result.exit_code == 0
        assert "may be billed, 12.25 kWh, but not by time" in result.stdout

    def test_are_warned_of_keys_that_the_file_brings_along(self, tmp_path: Path) -> None:
        path = tmp_path / "a.json"
        path.write_text(json.dumps({"format": "OCMF", "values": [{"data": WHOLE, "key": KEY}]}))
        assert "compare it with the register" in run(path).stdout

    def test_are_told_that_a_signature_is_not_true(self, record: Path) -> None:
        record.write_text(WHOLE.replace("1012.75", "1012.76"))
        result = run("--key", KEY, record)
        assert result.exit_code == 1
        assert "must not be billed\n  signature NOT true" in result.stdout
        assert "M1" not in result.stdout

    def test_see_several_sessions_with_numbers(self, tmp_path: Path) -> None:
        path = tmp_path / "two"
        path.write_text(f"{WHOLE}\n{WHOLE}\n")
        assert "two [1]: may be billed" in run("--key", KEY, path).stdout

    def test_see_why_a_file_is_none(self, tmp_path: Path) -> None:
        path = tmp_path / "x"
        path.write_bytes(b"<values>")
        assert "the XML is refused: not well-formed" in run(path).stdout

    def test_are_safe_from_what_would_steer_their_terminal(self, tmp_path: Path) -> None:
        path = tmp_path / "evil"
        path.write_text(signed(payload(begin(), end(ST="\x1b[2J"), MS="M\x1b[31m\n1")))
        shown = run("--key", KEY, path).stdout
        assert "\x1b" not in shown
        assert "meter M�[31m�1" in shown

    def test_are_safe_from_names_of_files_too(self, tmp_path: Path) -> None:
        path = tmp_path / "a\x1b[2J"
        path.write_text("hello")
        assert "\x1b" not in run(path).stdout

    def test_are_told_when_there_is_no_key_at_all(self, record: Path) -> None:
        shown = run(record).stdout
        assert "signature NOT true\n" in shown
        assert "no key of the meter is known" in shown

    def test_may_give_the_key_in_a_file(self, record: Path, tmp_path: Path) -> None:
        pem = tmp_path / "key.pem"
        pem.write_text(KEY)
        assert run("--key", f"@{pem}", record).exit_code == 0
        refused = run("--key", f"@{tmp_path / 'none'}", record)
        assert refused.exit_code == 2
        assert "cannot" in refused.output
