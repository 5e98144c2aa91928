"""BootNotification of OCPP 1.6 (4.2)."""

from typing import Any

from services.ocpp.inbound import provisioning
from services.ocpp.inbound.reply import Context, Reply


def boot_notification(payload: dict[str, Any], context: Context) -> Reply:
    """Told as the 2.0.1 message; why it booted is not said in 1.6."""
    station = {
        "vendorName": payload["chargePointVendor"],
        "model": payload["chargePointModel"],
        # chargeBoxSerialNumber is the deprecated name of the same thing (6.2).
        "serialNumber": payload.get("chargePointSerialNumber", payload.get("chargeBoxSerialNumber")),
        "firmwareVersion": payload.get("firmwareVersion"),
        "modem": {"iccid": payload.get("iccid"), "imsi": payload.get("imsi")},
    }
    return provisioning.boot_notification({"chargingStation": station}, context)
