"""How seldom garbage is collected; what the test process had set is put back."""

import gc
from collections.abc import Iterator

import pytest

from services.runtime import garbage


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


class TestCalm:
    def test_leaves_alone_what_is_there(self) -> None:
        garbage.calm()
        assert gc.get_freeze_count() > 0
        assert gc.get_threshold() == (50_000, 20, 50)


class TestSeldom:
    def test_looks_rarely_and_at_everything(self) -> None:
        garbage.seldom()
        assert gc.get_freeze_count() == 0
        assert gc.get_threshold() == (50_000, 20, 100)
