"""The protocol surface: which request of a station is validated by which schema and handled by which function."""

from collections.abc import Mapping
from functools import cache
from typing import Final, NamedTuple

from services.ocpp.inbound import (
    authorization,
    availability,
    certificates,
    data_transfer,
    device_model,
    diagnostics,
    firmware,
    meter_values,
    provisioning,
    reservation,
    security,
    transactions,
)
from services.ocpp.inbound.reply import Inbound
from services.ocpp.inbound.reports import REPORTS_V21, REPORTS_V201
from services.ocpp.inbound.v16 import authorization as authorization_v16
from services.ocpp.inbound.v16 import availability as availability_v16
from services.ocpp.inbound.v16 import meter_values as meter_values_v16
from services.ocpp.inbound.v16 import provisioning as provisioning_v16
from services.ocpp.inbound.v16 import transactions as transactions_v16
from services.ocpp.wire.faults import V16, V21, V201, family
from services.ocpp.wire.schemas import Validator, validator

_V201: Final[Mapping[str, Inbound]] = {
    "Authorize": authorization.authorize,
    "BootNotification": provisioning.boot_notification,
    "DataTransfer": data_transfer.data_transfer,
    "FirmwareStatusNotification": firmware.firmware_status,
    "Get15118EVCertificate": certificates.get_ev_certificate,
    "GetCertificateStatus": certificates.get_certificate_status,
    "Heartbeat": provisioning.heartbeat,
    "LogStatusNotification": diagnostics.log_status,
    "MeterValues": meter_values.meter_values,
    "NotifyEvent": device_model.notify_event,
    "NotifyReport": device_model.notify_report,
    "PublishFirmwareStatusNotification": firmware.publish_firmware_status,
    "ReservationStatusUpdate": reservation.reservation_status_update,
    "SecurityEventNotification": security.security_event,
    "SignCertificate": security.sign_certificate,
    "StatusNotification": availability.status_notification,
    "TransactionEvent": transactions.transaction_event,
    **REPORTS_V201,
}

INBOUND: Final[Mapping[str, Mapping[str, Inbound]]] = {
    V21: {**_V201, **REPORTS_V21},
    V201: _V201,
    V16: {
        "Authorize": authorization_v16.authorize,
        "BootNotification": provisioning_v16.boot_notification,
        "DataTransfer": data_transfer.data_transfer,
        "DiagnosticsStatusNotification": diagnostics.diagnostics_status,
        "FirmwareStatusNotification": firmware.firmware_status,
        "Heartbeat": provisioning.heartbeat,
        "LogStatusNotification": diagnostics.log_status,
        "MeterValues": meter_values_v16.meter_values,
        "SecurityEventNotification": security.security_event,
        "SignCertificate": security.sign_certificate,
        "SignedFirmwareStatusNotification": firmware.firmware_status,
        "StartTransaction": transactions_v16.start_transaction,
        "StatusNotification": availability_v16.status_notification,
        "StopTransaction": transactions_v16.stop_transaction,
    },
}
"""By sub-protocol (newest first, which is also the order of preference) and action."""

WITHOUT_WARNINGS: Final = frozenset(
    {"Authorize", "BootNotification", "DataTransfer", "Heartbeat", "SecurityEventNotification"}
)
"""Actions whose events cannot carry warnings: what was tolerated in them is told by a ProtocolViolated."""


class Route(NamedTuple):
    """One request of a station."""

    action: str
    schema: Validator
    inbound: Inbound


@cache
def routes(protocol: str) -> Mapping[str, Route]:
    """The routes of one protocol by action, their schemas compiled; the SOAP bindings have those of 1.6."""
    return {
        action: Route(action, validator(protocol, action), inbound)
        for action, inbound in INBOUND[family(protocol)].items()
    }
