import pytest

from services.domain.folding import Changes
from services.runtime.streaming.processor import Processor


def processor(name: str = "sessions.v1", inputs: tuple[str, ...] = ("a.v1",)) -> Processor[int]:
    return Processor(name=name, inputs=inputs, fold=lambda _read, _event: Changes(), state_type=int)


class TestProcessor:
    def test_names_its_group_changelog_and_dead_letters(self) -> None:
        declared = processor("sessions.v1")
        assert declared.group == "sessions.v1"
        assert declared.changelog == "sessions.v1-changelog"
        assert declared.dead_letters == "sessions.dlq.v1"

    def test_keeps_the_major_version_apart(self) -> None:
        assert processor("smart-charging.v12").dead_letters == "smart-charging.dlq.v12"

    @pytest.mark.parametrize("name", ["", "sessions", "sessions.v0", "Sessions.v1", "sessions.v1.v2", "a b.v1"])
    def test_refuses_a_name_that_is_not_slice_and_major(self, name: str) -> None:
        with pytest.raises(ValueError, match=r"not like 'sessions\.v1'"):
            processor(name)

    def test_refuses_to_read_nothing(self) -> None:
        with pytest.raises(ValueError, match="at least one input"):
            processor(inputs=())
