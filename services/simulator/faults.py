"""What goes wrong on purpose: how often, and with which garbage."""

from dataclasses import dataclass, fields
from random import Random

GARBAGE = (
    "",
    "{",
    "[]",
    "null",
    '"Heartbeat"',
    '[2,"x"]',
    '[2,"1","Heartbeat"',
    '[9,"1","Heartbeat",{}]',
    '[2,7,"Heartbeat",{}]',
    '[2,"1","NoSuchAction",{}]',
    '[2,"1","Heartbeat",[]]',
    '[3,"nobody-asked",{}]',
    '[4,"nobody-asked","InternalError","",{}]',
    '[2,"1","Heartbeat",{"surplus":"' + "x" * 1_000 + '"}]',
)


class BadFaults(ValueError):
    """The text that should say which faults to inject cannot be read."""


@dataclass(frozen=True, slots=True)
class Faults:
    """Chances from 0 to 1: cut the socket after sending a transaction message (before its answer), send one twice,
    send garbage before a call, lose the network for `offline_s` when a car arrives.
    """

    drop: float = 0.0
    duplicate: float = 0.0
    malformed: float = 0.0
    offline: float = 0.0
    offline_s: float = 3.0

    @classmethod
    def parse(cls, text: str) -> "Faults":
        """Read `drop=0.01,duplicate=0.02`; BadFaults names what is wrong and what there is."""
        values: dict[str, float] = {}
        for part in filter(None, (item.strip() for item in text.split(","))):
            name, _, number = part.partition("=")
            if name not in (known := [item.name for item in fields(cls)]):
                raise BadFaults(f"there is no fault {name!r}: choose from {', '.join(known)}")
            try:
                values[name] = float(number)
            except ValueError as error:
                raise BadFaults(f"{part!r} needs a number, for example {name}=0.01") from error
            if not 0 <= values[name] <= (3_600 if name == "offline_s" else 1):
                raise BadFaults(f"{part!r} is out of range: chances go from 0 to 1")
        return cls(**values)

    def strikes(self, chance: float, rng: Random) -> bool:
        return chance > 0 and rng.random() < chance


def garbage(rng: Random) -> str:
    """A frame that no backend should accept, nor die of."""
    return rng.choice(GARBAGE)
