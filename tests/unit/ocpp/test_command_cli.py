"""`wattlog command`, as far as it goes without Kafka."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.ocpp.command_cli import ALL, command
from services.ocpp.outbound.operations import OPERATIONS


def run(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(command, arguments, input=given)


class TestOperations:
    def test_are_all_listed(self) -> None:
        listed = run("operations").output
        for names in OPERATIONS.values():
            assert all(name in listed for name in names)

    @pytest.mark.parametrize(("protocol", "has", "has_not"), [
        ("1.6", "GetDiagnostics", "SetDisplayMessage"),
        ("ocpp1.6", "RequestStartTransaction", "CostUpdated"),
        ("2.0.1", "CostUpdated", "GetDiagnostics"),
        ("2.1", "SetDERControl", "ChangeConfiguration"),
    ])  # fmt: skip
    def test_of_a_version_are_one_a_line(self, protocol: str, has: str, has_not: str) -> None:
        lines = run("operations", "--protocol", protocol).output.splitlines()
        assert lines == sorted(set(lines))
        assert has in lines
        assert has_not not in lines

    def test_of_an_unknown_version_are_refused(self) -> None:
        refused = run("operations", "--protocol", "1.5")
        assert refused.exit_code == 1
        assert "'1.5' is no OCPP version that we speak: give 1.6, 2.0.1, 2.1" in refused.output

    def test_are_sent_in_the_order_of_versions(self) -> None:
        assert list(ALL) == ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"]


class TestSend:
    @pytest.mark.parametrize(
        ("operation", "hint"),
        [("Restet", "did you mean Reset?"), ("", "`wattlog command operations` lists them"),
         ("x" * 100, "`wattlog command operations` lists them"), ("BootNotification", "there is no operation")],
    )  # fmt: skip
    def test_knows_its_operations(self, operation: str, hint: str) -> None:
        refused = run("send", "CP1", operation)
        assert refused.exit_code == 1
        assert hint in refused.output

    @pytest.mark.parametrize(
        ("payload", "says"),
        [
            ("{type: Hard}", "the request is not JSON ("),
            ("", "the request is not JSON ("),
            ("[]", "has to be a JSON object"),
            ("@/does/not/exist", "/does/not/exist cannot be read: No such file or directory"),
            ("@/", "/ cannot be read: Is a directory"),
            ('{"a": NaN}', "the request is not JSON ("),
        ],
    )
    def test_says_what_is_wrong_with_the_request(self, payload: str, says: str) -> None:
        refused = run("send", "CP1", "Reset", payload)
        assert refused.exit_code == 1
        assert says in refused.output

    def test_reads_the_request_from_standard_input(self) -> None:
        assert "has to be a JSON object" in run("send", "CP1", "Reset", "@-", given="3").output

    def test_does_not_read_what_is_no_text(self, tmp_path: Path) -> None:
        (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
        assert "cannot be read" in run("send", "CP1", "Reset", f"@{tmp_path / 'binary'}").output

    @pytest.mark.parametrize("option", [["--timeout", "0"], ["--if-offline", "perhaps"]])
    def test_knows_its_limits(self, option: list[str]) -> None:
        assert run("send", "CP1", "Reset", "{}", *option).exit_code == 2
