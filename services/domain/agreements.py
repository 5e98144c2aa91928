"""Which agreement covers a session: by the provider in its contract's id, and the time of its start."""

import re
from collections.abc import Iterable
from typing import Final

from services.domain.events.agreement import Agreement
from services.domain.units import Millis

_CONTRACT: Final = re.compile(
    r"([A-Z]{2})(?:[-*]([A-Z0-9]{3})[-*].+|([A-Z0-9]{3})(?:[A-Z0-9]{7}|C[A-Z0-9]{8,9}))", re.ASCII
)
"""ISO 15118 (C and eight, perhaps a check digit) and DIN 91286 (six and a check digit), separators or none."""

_PARTNER: Final = re.compile(r"([A-Z]{2})[-*]?([A-Z0-9]{3})", re.ASCII)


def partner_of(contract_id: str | None) -> str | None:
    """The provider of a contract id in any of its spellings, like NL-TNM; None when it names none."""
    match = _CONTRACT.fullmatch((contract_id or "").strip().upper())
    return None if match is None else f"{match[1]}-{match[2] or match[3]}"


def partner_named(text: str) -> str | None:
    """NL-TNM of a provider's id in any spelling; None for another text."""
    match = _PARTNER.fullmatch(text.strip().upper())
    return None if match is None else f"{match[1]}-{match[2]}"


def agreement_for(
    agreements: Iterable[Agreement], tenant: str, contract_id: str | None, started_at: Millis
) -> Agreement | None:
    """The agreement of that provider that was valid at the start; of several the one that began last."""
    partner_id = partner_of(contract_id)
    found = [known for known in agreements if _covers(known, tenant, partner_id, started_at)]
    return max(found, key=lambda known: (known.valid_from, known.agreement_id), default=None)


def _covers(known: Agreement, tenant: str, partner_id: str | None, at: Millis) -> bool:
    if known.tenant != tenant or known.partner_id != partner_id:
        return False
    return known.valid_from <= at and (known.valid_to is None or at < known.valid_to)
