"""Which key a text gives: the same key on a label, in PEM and compressed in a record is the same key."""

from functools import lru_cache
from typing import NamedTuple

from services.domain.ids import derived_id
from services.domain.signed_meter.findings import NotReadable
from services.domain.signed_meter.keys import read

_COMPRESSED = (2, 3)


class KeyIdentity(NamedTuple):
    """`x` is the point's x coordinate in hex; `curve` is "" when the text does not say."""

    x: str
    curve: str


@lru_cache(maxsize=16_384)
def identity(text: str) -> KeyIdentity | None:
    """What tells the key from others; None when the text is no public key on a curve of signed meter data."""
    try:
        material = read(text)
        octets = material.octets if material.curve is None else material.on(material.curve).point
    except NotReadable:
        return None
    coordinates = octets[1:]
    x = coordinates if octets[0] in _COMPRESSED else coordinates[: len(coordinates) // 2]
    return KeyIdentity(x.hex(), "" if material.curve is None else material.curve.name)


def key_id(tenant: str, station_id: str, evse_id: int, x: str) -> str:
    """The id of a key at a metering point."""
    return derived_id("meter-key", tenant, station_id, evse_id, x)
