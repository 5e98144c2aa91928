import dataclasses
import pickle
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from services.domain import events
from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    meter: str
    value_wh: Decimal = Decimal(0)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    meter: str
    value_wh: Decimal = Decimal(0)
    warnings: tuple[str, ...] = ()


def test_sets_every_field_and_fills_in_defaults() -> None:
    given = Reading(meter="m1", value_wh=Decimal("1.5"), warnings=("late",))
    assert (given.meter, given.value_wh, given.warnings) == ("m1", Decimal("1.5"), ("late",))
    assert dataclasses.astuple(Reading(meter="m1")) == dataclasses.astuple(Plain(meter="m1"))


def test_what_it_makes_is_an_ordinary_frozen_dataclass() -> None:
    one = Reading(meter="m1")
    assert one == Reading(meter="m1") != Reading(meter="m2")
    assert hash(one) == hash(Reading(meter="m1"))
    assert repr(one) == "Reading(meter='m1', value_wh=Decimal('0'), warnings=())"
    assert dataclasses.replace(one, meter="m2") == Reading(meter="m2")
    assert pickle.loads(pickle.dumps(one)) == one
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.meter = "m2"  # type: ignore[misc]


@pytest.mark.parametrize("wrong", [{}, {"meter": "m", "unknown": 1}, {"value_wh": Decimal(1)}])
def test_refuses_what_the_dataclass_refuses(wrong: dict[str, Any]) -> None:
    for kind in (Reading, Plain):
        with pytest.raises(TypeError, match="argument"):
            kind(**wrong)


def test_refuses_positions() -> None:
    with pytest.raises(TypeError, match="positional"):
        Reading("m1")  # type: ignore[misc]


def test_refuses_a_default_factory() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Lists:
        names: list[str] = field(default_factory=list)

    with pytest.raises(TypeError, match="names has a default factory"):
        quick_init(Lists)


@pytest.mark.parametrize("kind", events.TYPES.values(), ids=lambda kind: str(kind.FULL_NAME))
def test_every_event_type_has_it(kind: Any) -> None:
    assert kind.__init__.__code__.co_filename == f"<init of {kind.__name__}>"
