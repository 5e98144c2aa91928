"""The local authorization list of a station, sent by hand (D01)."""

from typing import Any, Final

_MAX_VERSION: Final = 0x7FFF_FFFF


def full_list(known_version: int, said: list[dict[str, Any]]) -> dict[str, Any]:
    """SendLocalList that replaces what a station has of `known_version` (0 or less: nothing).

    The version leaves one number for each part that the list may have to be sent in.
    """
    step = max(1, len(said))
    version = max(0, known_version) + step
    update = {"versionNumber": version if version <= _MAX_VERSION else step, "updateType": "Full"}
    return update | ({"localAuthorizationList": said} if said else {})
