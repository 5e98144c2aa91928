"""Authorize of OCPP 1.6 (4.1), and IdTagInfo."""

from typing import Any, Final

from services.domain.units import rfc3339
from services.ocpp.inbound import authorization
from services.ocpp.inbound.asking import Occasion
from services.ocpp.inbound.authorization import Asked, Authorization
from services.ocpp.inbound.reply import Context, Reply

TOKEN_TYPE: Final = "Unknown"
"""1.6 does not say what kind of token an idTag is."""

_MAX_ID_TAG_LENGTH: Final = 20
_STATUSES: Final = frozenset({"Accepted", "Blocked", "ConcurrentTx", "Expired"})


def authorize(payload: dict[str, Any], context: Context) -> Reply:
    """May this idTag charge here?"""
    asked = Asked(payload["idTag"], TOKEN_TYPE, Occasion("Authorize"), (context.epoch, context.message_id))
    return authorization.settled(
        asked, context, lambda made: Reply({"idTagInfo": id_tag_info(made)}, (made.event,))
    )


def id_tag_info(made: Authorization) -> dict[str, Any]:
    """IdTagInfo (7.26); statuses that 1.6 does not have become Invalid."""
    status = made.decision.status
    info = {"status": status if status in _STATUSES else "Invalid"}
    if made.token is None:
        return info
    if made.token.group_id is not None and len(made.token.group_id) <= _MAX_ID_TAG_LENGTH:
        info["parentIdTag"] = made.token.group_id
    if made.token.expires_at is not None:
        info["expiryDate"] = rfc3339(made.token.expires_at)
    return info
