"""What partners ask of stations besides OCPI's commands: values of `PartnerCommandTaken.command`."""

from typing import Final

SET_PROFILE: Final = "SET_PROFILE"
CLEAR_PROFILE: Final = "CLEAR_PROFILE"
GET_PROFILE: Final = "GET_PROFILE"
UPDATE_PROFILE: Final = "UPDATE_PROFILE"
"""Nobody asked for it: a partner is told that its profile is not what holds now."""
