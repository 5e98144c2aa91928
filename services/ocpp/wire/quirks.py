"""What makers' stations are known to get wrong, as data: what to mend in their messages before they are checked.

A profile is for stations whose vendor, model and firmware fit its patterns, or that name it in the registry. Each
mending leaves a warning on the event. `validation: hard` refuses what else would be tolerated.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple

import yaml

_PROFILE_KEYS: Final = {"name", "about", "vendor", "model", "firmware", "validation", "rules"}
_RULE_KEYS: Final = {"action", "at", "missing", "rename", "drop", "words", "cut_suffix"}
_EVERY: Final = "*"
_MAKES: Final = 4096
"""Combinations of vendor, model and firmware whose quirks are remembered."""


class BadQuirks(ValueError):
    """The file of profiles is wrong, and where."""


class Rule(NamedTuple):
    """One thing to mend in an action's payload: the field `name` of every object that `path` leads to."""

    action: str
    path: tuple[str, ...]
    name: str
    mend: Callable[[dict[str, Any], str], str | None]
    """Changes the field in place and says what it did, or None."""


class Profile(NamedTuple):
    """What is known of some stations."""

    name: str
    vendor: str
    model: str
    firmware: str
    hard: bool
    rules: tuple[Rule, ...]

    def fits(self, vendor: str, model: str, firmware: str) -> bool:
        """Whether the patterns fit what a station says of itself; a profile without any is chosen by name only."""
        patterns = ((self.vendor, vendor), (self.model, model), (self.firmware, firmware))
        if not any(pattern for pattern, _ in patterns):
            return False
        return all(not pattern or fnmatchcase(said, pattern) for pattern, said in patterns)


class Quirks(NamedTuple):
    """The profiles that hold for one station, put together."""

    hard: bool
    rules: tuple[tuple[str, Rule], ...]
    """With the names of their profiles."""

    def mend(self, action: str, payload: dict[str, Any]) -> list[str]:
        """Mend a payload in place; what was done, in words."""
        warnings = []
        for profile, rule in self.rules:
            if rule.action in (action, _EVERY):
                for found in _objects(payload, rule.path):
                    done = rule.mend(found, rule.name)
                    if done is not None:
                        warnings.append(f"{'.'.join((*rule.path, rule.name))} {done} (quirk {profile})")
        return warnings


def load(text: str) -> tuple[Profile, ...]:
    """The profiles of a YAML file; BadQuirks names what is wrong in it."""
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadQuirks(f"not YAML: {error}") from None
    if not isinstance(raw, list):
        raise BadQuirks("not a list of profiles")
    profiles = tuple(_profile(entry, number) for number, entry in enumerate(raw, 1))
    names = [profile.name for profile in profiles]
    if len(set(names)) < len(names):
        raise BadQuirks(f"two profiles of one name: {', '.join(sorted({n for n in names if names.count(n) > 1}))}")
    return profiles


def choose(
    profiles: Iterable[Profile], names: Iterable[str], vendor: str, model: str, firmware: str
) -> Quirks | None:
    """What holds for a station that names these profiles and says this of itself; None for nothing."""
    named = set(names)
    chosen = [p for p in profiles if p.name in named or p.fits(vendor, model, firmware)]
    if not chosen:
        return None
    rules = tuple((profile.name, rule) for profile in chosen for rule in profile.rules)
    return Quirks(any(profile.hard for profile in chosen), rules)


Choose = Callable[[tuple[str, ...], str, str, str], Quirks | None]
"""`choose` among some profiles."""


def chooser(profiles: Iterable[Profile]) -> Choose:
    """`choose` for many stations of few makes: remembers what it found."""
    return lru_cache(_MAKES)(partial(choose, profiles))


def _objects(value: Any, path: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Every object that a path leads to, through all items of lists; nothing where the payload is otherwise."""
    if isinstance(value, list):
        for item in value:
            yield from _objects(item, path)
    elif isinstance(value, dict):
        if not path:
            yield value
        elif path[0] in value:
            yield from _objects(value[path[0]], path[1:])


def _profile(raw: Any, number: int) -> Profile:
    where = f"profile {number}"
    _check(raw, _PROFILE_KEYS, where)
    name = raw.get("name")
    if not isinstance(name, str) or not name:
        raise BadQuirks(f"{where} has no name")
    validation = raw.get("validation", "soft")
    if validation not in ("soft", "hard"):
        raise BadQuirks(f"{where}: validation is soft or hard, not {validation!r}")
    rules = raw.get("rules", [])
    if not isinstance(rules, list):
        raise BadQuirks(f"{where}: rules is not a list")
    return Profile(
        name,
        vendor=str(raw.get("vendor", "")),
        model=str(raw.get("model", "")),
        firmware=str(raw.get("firmware", "")),
        hard=validation == "hard",
        rules=tuple(_rule(rule, f"{where}, rule {count}") for count, rule in enumerate(rules, 1)),
    )


def _rule(raw: Any, where: str) -> Rule:
    _check(raw, _RULE_KEYS, where)
    if not isinstance(raw.get("action"), str) or not isinstance(raw.get("at"), str):
        raise BadQuirks(f"{where}: give an action and the field that it is at, e.g. at: meterValue.timestamp")
    kinds = [kind for kind in _MENDS if kind in raw]
    if len(kinds) != 1:
        raise BadQuirks(f"{where}: give one of {', '.join(_MENDS)}")
    *path, name = raw["at"].split(".")
    try:
        mend = _MENDS[kinds[0]](raw[kinds[0]])
    except TypeError as error:
        raise BadQuirks(f"{where}: {error}") from None
    return Rule(raw["action"], tuple(path), name, mend)


def _check(raw: Any, known: set[str], where: str) -> None:
    if not isinstance(raw, dict):
        raise BadQuirks(f"{where} is not a mapping")
    unknown = sorted(str(key) for key in raw.keys() - known)
    if unknown:
        raise BadQuirks(f"{where} has unknown keys {', '.join(unknown)}")


def _missing(default: Any) -> Callable[[dict[str, Any], str], str | None]:
    def mend(found: dict[str, Any], name: str) -> str | None:
        if name in found:
            return None
        found[name] = default
        return f"was missing: {default!r}"

    return mend


def _rename(new: Any) -> Callable[[dict[str, Any], str], str | None]:
    if not isinstance(new, str):
        raise TypeError("rename wants the right name")

    def mend(found: dict[str, Any], name: str) -> str | None:
        if name not in found or new in found:
            return None
        found[new] = found.pop(name)
        return f"means {new}"

    return mend


def _drop(wanted: Any) -> Callable[[dict[str, Any], str], str | None]:
    if wanted is not True:
        raise TypeError("drop wants true")

    def mend(found: dict[str, Any], name: str) -> str | None:
        return None if found.pop(name, None) is None else "left out"

    return mend


def _words(replaced: Any) -> Callable[[dict[str, Any], str], str | None]:
    if not isinstance(replaced, Mapping):
        raise TypeError("words wants wrong: right")

    def mend(found: dict[str, Any], name: str) -> str | None:
        said = found.get(name)
        if not isinstance(said, str) or said not in replaced:
            return None
        found[name] = replaced[said]
        return f"{said!r} means {replaced[said]!r}"

    return mend


def _cut_suffix(suffix: Any) -> Callable[[dict[str, Any], str], str | None]:
    if not isinstance(suffix, str) or not suffix:
        raise TypeError("cut_suffix wants a text")

    def mend(found: dict[str, Any], name: str) -> str | None:
        said = found.get(name)
        if not isinstance(said, str) or not said.endswith(suffix):
            return None
        found[name] = said.removesuffix(suffix)
        return f"without {suffix!r}"

    return mend


_MENDS: Final[Mapping[str, Callable[[Any], Callable[[dict[str, Any], str], str | None]]]] = {
    "missing": _missing,
    "rename": _rename,
    "drop": _drop,
    "words": _words,
    "cut_suffix": _cut_suffix,
}
