"""From and to the canonical model, whatever version a partner speaks."""

from collections.abc import Mapping
from typing import Any, Final

from services.ocpi.wire import v211, v221
from services.ocpi.wire.conversion import Bridges, Conversion, Converted, Scene
from services.ocpi.wire.model import V211, V221, V230
from services.ocpi.wire.reading import Reading, read

_NONE: Final = Bridges(objects={})
_DOWN: Final = {
    version: Conversion(V230, version, bridges)
    for version, bridges in ((V230, _NONE), (V221, v221.DOWN), (V211, v211.DOWN))
}
_UP: Final = {
    version: Conversion(version, V230, bridges)
    for version, bridges in ((V230, _NONE), (V221, v221.UP), (V211, v211.UP))
}


def to_version(value: Mapping[str, Any], name: str, version: str, scene: Scene | None = None) -> Converted:
    """An object of 2.3.0 as a partner of that version knows it."""
    return _DOWN[version].convert(value, name, scene or Scene())


def from_version(value: Mapping[str, Any], name: str, version: str, scene: Scene | None = None) -> Converted:
    """An object of that version, already read, in 2.3.0; upwards an object is never None."""
    return _UP[version].convert(value, name, scene or Scene())


def name_in(name: str, version: str) -> str:
    """What an object of 2.3.0 is called there."""
    return _DOWN[version].name_of(name)


def understand(value: Any, name: str, version: str, scene: Scene | None = None) -> Reading:
    """What a partner sent, in 2.3.0, with everything there is to say about it."""
    on = scene or Scene()
    reading = read(value, name, version, partial=on.partial)
    converted = from_version(reading.value, name, version, on)
    known = {finding[:2] for finding in reading.findings}
    more = tuple(finding for finding in converted.losses if finding[:2] not in known)
    return Reading(converted.value or {}, reading.findings + more)
