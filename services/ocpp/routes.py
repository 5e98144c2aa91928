"""The protocol surface: which request of a station is validated by which schema and handled by which function."""

from collections.abc import Mapping
from functools import cache
from typing import Final, NamedTuple

from services.ocpp.inbound import (
    authorization,
    availability,
    data_transfer,
    meter_values,
    provisioning,
    transactions,
)
from services.ocpp.inbound.reply import Inbound
from services.ocpp.inbound.v16 import authorization as authorization_v16
from services.ocpp.inbound.v16 import availability as availability_v16
from services.ocpp.inbound.v16 import meter_values as meter_values_v16
from services.ocpp.inbound.v16 import provisioning as provisioning_v16
from services.ocpp.inbound.v16 import transactions as transactions_v16
from services.ocpp.wire.faults import V16, V201
from services.ocpp.wire.schemas import Validator, validator

INBOUND: Final[Mapping[str, Mapping[str, Inbound]]] = {
    V201: {
        "Authorize": authorization.authorize,
        "BootNotification": provisioning.boot_notification,
        "DataTransfer": data_transfer.data_transfer,
        "Heartbeat": provisioning.heartbeat,
        "MeterValues": meter_values.meter_values,
        "StatusNotification": availability.status_notification,
        "TransactionEvent": transactions.transaction_event,
    },
    V16: {
        "Authorize": authorization_v16.authorize,
        "BootNotification": provisioning_v16.boot_notification,
        "DataTransfer": data_transfer.data_transfer,
        "Heartbeat": provisioning.heartbeat,
        "MeterValues": meter_values_v16.meter_values,
        "StartTransaction": transactions_v16.start_transaction,
        "StatusNotification": availability_v16.status_notification,
        "StopTransaction": transactions_v16.stop_transaction,
    },
}
"""By sub-protocol (newest first, which is also the order of preference) and action."""

WITHOUT_WARNINGS: Final = frozenset({"Authorize", "BootNotification", "DataTransfer", "Heartbeat"})
"""Actions whose events cannot carry warnings: what was tolerated in them is told by a ProtocolViolated."""


class Route(NamedTuple):
    """One request of a station."""

    action: str
    schema: Validator
    inbound: Inbound


@cache
def routes(protocol: str) -> Mapping[str, Route]:
    """The routes of one sub-protocol by action, their schemas compiled."""
    return {
        action: Route(action, validator(protocol, action), inbound)
        for action, inbound in INBOUND[protocol].items()
    }
