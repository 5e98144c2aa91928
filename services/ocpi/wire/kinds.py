"""What partners ask of stations besides OCPI's commands: values of `PartnerCommandTaken.command`."""

from typing import Final

SET_PROFILE: Final = "SET_PROFILE"
CLEAR_PROFILE: Final = "CLEAR_PROFILE"
GET_PROFILE: Final = "GET_PROFILE"
UPDATE_PROFILE: Final = "UPDATE_PROFILE"
"""Nobody asked for it: a partner is told that its profile is not what holds now."""

RESERVE_BOOKING: Final = "RESERVE_BOOKING"
CANCEL_BOOKING: Final = "CANCEL_BOOKING"
"""The time of a booking has come, or it is over: its partner is told with the booking."""
