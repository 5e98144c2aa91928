"""What a station can be asked: every operation that a CSMS initiates, for each OCPP version."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from services.domain.operations import OPERATIONS
from services.ocpp.outbound.not_possible import NotPossible
from services.ocpp.outbound.v16 import (
    authorization_list,
    availability,
    data_transfer,
    firmware,
    provisioning,
    remote_control,
    reservation,
    security,
    smart_charging,
)

__all__ = ["CONVERTED_V16", "OPERATIONS", "Convert", "NotPossible"]

Convert = Callable[[dict[str, Any]], tuple[str, dict[str, Any]]]
"""A valid 2.0.1 payload to the OCPP 1.6 action and payload; NotPossible when 1.6 cannot say it."""

CONVERTED_V16: Final[Mapping[str, Convert]] = {
    "CertificateSigned": security.certificate_signed,
    "ChangeAvailability": availability.change_availability,
    "ClearChargingProfile": smart_charging.clear_charging_profile,
    "DataTransfer": data_transfer.data_transfer,
    "DeleteCertificate": security.delete_certificate,
    "GetBaseReport": provisioning.get_base_report,
    "GetCompositeSchedule": smart_charging.get_composite_schedule,
    "GetInstalledCertificateIds": security.get_installed_certificate_ids,
    "GetVariables": provisioning.get_variables,
    "InstallCertificate": security.install_certificate,
    "RequestStartTransaction": remote_control.request_start_transaction,
    "RequestStopTransaction": remote_control.request_stop_transaction,
    "ReserveNow": reservation.reserve_now,
    "Reset": provisioning.reset,
    "SendLocalList": authorization_list.send_local_list,
    "SetChargingProfile": smart_charging.set_charging_profile,
    "SetVariables": provisioning.set_variables,
    "TriggerMessage": remote_control.trigger_message,
    "UnlockConnector": remote_control.unlock_connector,
    "UpdateFirmware": firmware.update_firmware,
}
"""Operations of 2.0.1 that 1.6 says in other words. What is in neither table is said in the same words, or not."""
