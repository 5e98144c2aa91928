"""OCMF, versions 0.1 to 1.4: `OCMF|{payload}|{signature}`, signed over the text between the bars as received."""

from services.domain.signed_meter.ocmf.law import check
from services.domain.signed_meter.ocmf.verifier import verify

__all__ = ["check", "verify"]
