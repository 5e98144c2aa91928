"""What a charging station can be asked: the actions that each OCPP version has a CALL for."""

from collections.abc import Mapping
from typing import Final

V16: Final = "ocpp1.6"
V201: Final = "ocpp2.0.1"
V21: Final = "ocpp2.1"
"""WebSocket sub-protocols (OCPP-J 2.0.1, 3.1.2)."""

_V201: Final = frozenset(
    {
        "CancelReservation", "CertificateSigned", "ChangeAvailability", "ClearCache", "ClearChargingProfile",
        "ClearDisplayMessage", "ClearVariableMonitoring", "CostUpdated", "CustomerInformation", "DataTransfer",
        "DeleteCertificate", "GetBaseReport", "GetChargingProfiles", "GetCompositeSchedule", "GetDisplayMessages",
        "GetInstalledCertificateIds", "GetLocalListVersion", "GetLog", "GetMonitoringReport", "GetReport",
        "GetTransactionStatus", "GetVariables", "InstallCertificate", "PublishFirmware",
        "RequestStartTransaction", "RequestStopTransaction", "ReserveNow", "Reset", "SendLocalList",
        "SetChargingProfile", "SetDisplayMessage", "SetMonitoringBase", "SetMonitoringLevel", "SetNetworkProfile",
        "SetVariableMonitoring", "SetVariables", "TriggerMessage", "UnlockConnector", "UnpublishFirmware",
        "UpdateFirmware",
    }
)  # fmt: skip

OPERATIONS: Final[Mapping[str, frozenset[str]]] = {
    V21: _V201
    | {
        "AFRRSignal", "AdjustPeriodicEventStream", "ChangeTransactionTariff", "ClearDERControl", "ClearTariffs",
        "GetDERControl", "GetPeriodicEventStream", "GetTariffs", "NotifyAllowedEnergyTransfer",
        "RequestBatterySwap", "SetDERControl", "SetDefaultTariff", "UpdateDynamicSchedule", "UsePriorityCharging",
    },
    V201: _V201,
    V16: frozenset(
        {
            "CancelReservation", "CertificateSigned", "ChangeAvailability", "ChangeConfiguration", "ClearCache",
            "ClearChargingProfile", "DataTransfer", "DeleteCertificate", "ExtendedTriggerMessage",
            "GetCompositeSchedule", "GetConfiguration", "GetDiagnostics", "GetInstalledCertificateIds",
            "GetLocalListVersion", "GetLog", "InstallCertificate", "RemoteStartTransaction",
            "RemoteStopTransaction", "ReserveNow", "Reset", "SendLocalList", "SetChargingProfile",
            "SignedUpdateFirmware", "TriggerMessage", "UnlockConnector", "UpdateFirmware",
        }
    ),
}  # fmt: skip
"""By sub-protocol: the actions that it has a CALL for."""
