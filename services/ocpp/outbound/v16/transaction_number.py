"""Transaction ids of OCPP 1.6, which are numbers."""

import re
from typing import Final

from services.ocpp.outbound.not_possible import NotPossible

_NUMBER: Final = re.compile(r"-?[0-9]{1,18}", re.ASCII)


def transaction_number(transaction_id: str) -> int:
    """The number that an id is the text of; NotPossible for one that is no number, to the letter."""
    if not _NUMBER.fullmatch(transaction_id):
        raise NotPossible("OCPP 1.6 transaction ids are numbers")
    return int(transaction_id)
