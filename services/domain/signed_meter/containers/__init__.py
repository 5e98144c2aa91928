"""What signed values travel in: raw text and bytes, transparency XML, and several forms of JSON."""

from services.domain.signed_meter.containers.grouping import Session
from services.domain.signed_meter.containers.reader import read_sessions

__all__ = ["Session", "read_sessions"]
