import pytest
from typer.testing import CliRunner

from services.runtime.streaming.cli import UnknownConsumer, replay, stream_of, told
from services.runtime.streaming.replay import Replayed


class TestStreamOf:
    @pytest.mark.parametrize("name", ["sessions", "sessions.v1", "sessions.dlq.v1"])
    def test_finds_it_by_slice_processor_or_stream(self, name: str) -> None:
        assert stream_of(name) == "sessions.dlq.v1"

    @pytest.mark.parametrize("name", ["", "nobody", "dlq", ".v1"])
    def test_lists_what_there_is_for_any_other(self, name: str) -> None:
        with pytest.raises(UnknownConsumer, match=r"cdrs, .*fleet, .*sessions"):
            stream_of(name)


class TestTold:
    def test_counts_by_class(self) -> None:
        done = Replayed(sent=3, already_sent=2, of_another_class=1, by_class={"EOFError": 1, "BadRecord": 2})
        assert told(done, dry_run=False).splitlines() == [
            "3 dead letters sent",
            "         2  BadRecord",
            "         1  EOFError",
            "2 were sent by an earlier replay",
            "1 of another error class stay",
        ]

    def test_says_so_when_nothing_was_sent(self) -> None:
        assert told(Replayed(1, 0, 0, {"X": 1}), dry_run=True).splitlines()[0] == "1 dead letters would be sent"

    def test_is_one_line_when_there_was_nothing(self) -> None:
        assert told(Replayed(0, 0, 0, {}), dry_run=False) == "0 dead letters sent"


class TestReplay:
    def test_ends_with_a_sentence_for_a_consumer_that_does_not_exist(self) -> None:
        result = CliRunner().invoke(replay, ["nobody"])
        assert result.exit_code == 1
        assert "'nobody' has no dead letters" in result.output
