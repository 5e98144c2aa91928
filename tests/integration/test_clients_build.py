"""Builds of clients: done once per content; where something is missing they are skipped, with a sentence."""

from pathlib import Path

import pytest

from tests.integration import clients_build
from tests.integration.clients_build import Build


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of sources with one of clients, `it`."""
    monkeypatch.setattr(clients_build, "SOURCES", tmp_path / "sources")
    folder = tmp_path / "sources" / "it"
    folder.mkdir(parents=True)
    (folder / "main").write_text("1")
    return folder


def build(fetch: str = "true", then: str = "cat main >> made", tool: str = "sh") -> Build:
    return Build("it", (tool,), ("sh", "-c", fetch), ("sh", "-c", then))


def test_is_done_once(sources: Path, tmp_path: Path) -> None:
    first = build().made(tmp_path)
    assert build().made(tmp_path) == first
    assert (first / "made").read_text() == "1"


def test_is_done_again_when_a_source_changes_and_the_old_one_forgotten(sources: Path, tmp_path: Path) -> None:
    first = build().made(tmp_path)
    (sources / "main").write_text("2")
    second = build().made(tmp_path)
    assert (second / "made").read_text() == "2"
    assert not first.exists()


def test_is_begun_anew_after_it_was_broken_off(sources: Path, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no such thing"):
        build(then="cat main >> made; echo no such thing; test -e ../../ok").made(tmp_path)
    (tmp_path / "clients" / "ok").touch()
    made = build(then="cat main >> made; echo no such thing; test -e ../../ok").made(tmp_path)
    assert (made / "made").read_text() == "1"


def test_is_skipped_without_its_tool(sources: Path, tmp_path: Path) -> None:
    with pytest.raises(pytest.skip.Exception, match="it clients need no-such-tool, which is not installed"):
        build(tool="no-such-tool").made(tmp_path)


def test_is_skipped_when_its_packages_do_not_come(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(pytest.skip.Exception, match=r"cannot be had .*: no route"):
        build(fetch="echo no route; false").made(tmp_path)
    monkeypatch.setattr(clients_build, "_FETCH_S", 0.1)
    with pytest.raises(pytest.skip.Exception, match="did not come within"):
        build(fetch="exec sleep 60").made(tmp_path)
