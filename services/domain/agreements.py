"""Which agreement covers a session: by the provider in its contract's id, and the time of its start."""

import re
from collections.abc import Iterable
from typing import Final

from services.domain import contract_ids
from services.domain.events.agreement import Agreement
from services.domain.units import Millis

_SEPARATED: Final = re.compile(r"([A-Z]{2})[-*]([A-Z0-9]{3})[-*].+", re.ASCII)


def partner_of(contract_id: str | None) -> str | None:
    """The provider of a contract id in any of its spellings, like NL-TNM; None when it names none.

    An instance of another length than the norms have is let through when separators show where it begins.
    """
    text = (contract_id or "").strip()
    known = contract_ids.read(text)
    if known is not None:
        return known.partner_id
    match = _SEPARATED.fullmatch(text.upper())
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
