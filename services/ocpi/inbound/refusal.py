"""What cannot be done for a partner, and which answer says so (status_codes, transport_and_format)."""

from services.ocpi.wire.envelope import Status


class Refusal(Exception):
    """`message` is for the partner. Once the OCPI layer is reached the HTTP status is 200, with few exceptions."""

    def __init__(self, status: Status, message: str, http_status: int = 200) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.http_status = http_status
