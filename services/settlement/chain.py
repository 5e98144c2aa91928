"""The hash chain over issued records: each link holds the hash of one record and of the link before it.

There is one chain per operator and partition of cdr.events, in the order of that log. Whoever kept a head once can
tell later that no record before it was changed, left out or put in between.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Final

from msgspec import Struct

from services.domain.events.common import ChargeDetail
from services.domain.events.settlement import CdrChained
from services.domain.ids import derived_id

GENESIS: Final = "0" * 64
"""What the first link points to."""


class Head(Struct, frozen=True, array_like=True, tag="chain"):
    """The last link of an operator's chain, under `chain:{tenant}`."""

    height: int = 0
    link_sha256: str = GENESIS


def chain_key(tenant: str) -> str:
    return f"chain:{tenant}"


def record_sha256(detail: ChargeDetail) -> str:
    """Lower-case hex over what a record bills and proves, each as `name=value` on a line of its own.

    The list is fixed: later fields of a record are not in it, so that old records keep their hash.
    """
    tariff = detail.tariff
    told = (
        ("cdr", detail.cdr_id),
        ("session", detail.session_id),
        ("revision", detail.revision),
        ("credit_of", detail.credit_reference_id),
        ("operator", f"{detail.tenant}/{detail.country_code}-{detail.party_id}"),
        ("station", detail.station_id),
        ("evse", detail.evse_uid),
        ("token", detail.id_token.value if detail.id_token else None),
        ("contract", detail.contract_id),
        ("started_at", detail.started_at),
        ("ended_at", detail.ended_at),
        ("energy_wh", _plain(detail.energy_wh)),
        ("meter_start_wh", _plain(detail.meter_start_wh)),
        ("meter_stop_wh", _plain(detail.meter_stop_wh)),
        ("tariff", tariff.tariff_id if tariff else None),
        ("currency", tariff.currency if tariff else None),
        ("excl_vat", _plain(detail.total_cost_excl_vat)),
        ("incl_vat", _plain(detail.total_cost_incl_vat)),
        *(("signed", value.sha256) for value in detail.signed_meter_values),
    )
    lines = (f"{name}={_quoted(value)}\n" for name, value in told)
    return sha256("".join(["wattlog cdr 1\n", *lines]).encode()).hexdigest()


def link_sha256(height: int, previous: str, record: str) -> str:
    """Lower-case hex over a link's place, the link before it, and its record."""
    return sha256(f"wattlog link 1\n{height}\n{previous}\n{record}\n".encode()).hexdigest()


def chained(head: Head, detail: ChargeDetail) -> tuple[Head, CdrChained]:
    """The head after a record was put on, and the link."""
    height, record = head.height + 1, record_sha256(detail)
    link = link_sha256(height, head.link_sha256, record)
    return Head(height, link), CdrChained(
        event_id=derived_id("CdrChained", detail.tenant, detail.cdr_id),
        tenant=detail.tenant,
        cdr_id=detail.cdr_id,
        height=height,
        record_sha256=record,
        previous_sha256=head.link_sha256,
        link_sha256=link,
    )


def heads(links: Iterable[CdrChained]) -> list[CdrChained]:
    """The last link of each chain, the longest first: what an authority may keep."""
    known = list(links)
    followed = {link.previous_sha256 for link in known}
    return sorted((link for link in known if link.link_sha256 not in followed), key=lambda link: -link.height)


def breaks(records: Mapping[str, str], links: Iterable[CdrChained]) -> Iterator[str]:
    """What is wrong with an operator's chains, a sentence each; nothing when all is well.

    `records`: the hash of every issued record by its id. Links may come in any order, and more than once.
    """
    by_cdr: dict[str, CdrChained] = {}
    for link in links:
        if by_cdr.setdefault(link.cdr_id, link) != link:
            yield f"{link.cdr_id} is on a chain twice, with different links"
    by_hash = {link.link_sha256: link for link in by_cdr.values()}
    followed: dict[str, str] = {}
    for link in sorted(by_cdr.values(), key=lambda link: (link.height, link.cdr_id)):
        yield from _broken(link, records.get(link.cdr_id), by_hash.get(link.previous_sha256))
        other = followed.setdefault(link.previous_sha256, link.cdr_id)
        if other != link.cdr_id and link.previous_sha256 != GENESIS:
            yield f"{other} and {link.cdr_id} both follow the same link"
    for cdr_id in sorted(records.keys() - by_cdr.keys()):
        yield f"{cdr_id} was issued, but is on no chain"


def _broken(link: CdrChained, record: str | None, previous: CdrChained | None) -> Iterator[str]:
    if record is None:
        yield f"{link.cdr_id} is on a chain, but was not issued"
    elif record != link.record_sha256:
        yield f"{link.cdr_id} is not the record that was put on the chain"
    before = 0 if link.previous_sha256 == GENESIS else previous.height if previous else None
    if before is None or link.height != before + 1:
        yield f"link {link.height} of {link.cdr_id} does not follow the link that it names"
    if link.link_sha256 != link_sha256(link.height, link.previous_sha256, link.record_sha256):
        yield f"link {link.height} of {link.cdr_id} has another hash than its content"


def _plain(amount: Decimal | None) -> str | None:
    """The same text for equal numbers, whatever zeros they end in."""
    return None if amount is None else f"{amount.normalize():f}"


def _quoted(value: object) -> str:
    """None apart from every text; no text can end its line."""
    return "-" if value is None else json.dumps(str(value), ensure_ascii=False)
