"""Lists of revoked certificates (CRL, RFC 5280, 5) of the CAs of stations. Pure: bytes, CAs and the time."""

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from services.domain.units import Millis, datetime_of
from services.ocpp.tls import Certificate
from services.ocpp.wire.unreadable import UNREADABLE

REVOKED: Final = "is revoked"
UNTOLD: Final = "is of a CA that is not in WATTLOG_CLIENT_CA_FILE: whether it is revoked cannot be told"

_PEM: Final = re.compile(rb"-----BEGIN X509 CRL-----.*?-----END X509 CRL-----", re.DOTALL)
_DER: Final = b"\x30"
_SKEW: Final = timedelta(minutes=5)
_MAX_CHAIN: Final = 8


class BadList(ValueError):
    """Bytes that are no list that can be relied on."""


class RevocationList(NamedTuple):
    """One list that has been checked."""

    issuer: str
    """Distinguished name (RFC 4514)."""
    signer: bytes
    """Public key of the CA that has signed, as DER."""
    point: bytes
    """Issuing distribution point as DER, which tells the lists of a CA apart; b"" for none."""
    this_update: Millis
    next_update: Millis | None
    serial_numbers: frozenset[int]

    @property
    def scope(self) -> tuple[bytes, bytes]:
        """What a newer list has to have, to take the place of this one."""
        return self.signer, self.point


class _Ca(NamedTuple):
    """Who issued a CA, and its serial number there."""

    issuer: str
    serial_number: int


class RevocationLists:
    """What all lists say, and the CAs that may issue at all."""

    def __init__(self, lists: Iterable[RevocationList] = (), authorities: Sequence[x509.Certificate] = ()) -> None:
        self.lists = tuple(lists)
        self._authorities: dict[str, list[_Ca]] = {}
        self._keys = {_key(one) for one in authorities}
        for one in authorities:
            known = self._authorities.setdefault(one.subject.rfc4514_string(), [])
            known.append(_Ca(one.issuer.rfc4514_string(), one.serial_number))

    def trusting(self, authorities: Sequence[x509.Certificate]) -> "RevocationLists":
        """The same lists, with other CAs."""
        return RevocationLists(self.lists, authorities)

    def mistrust(self, certificate: Certificate) -> str:
        """Why nobody is let in by it; "" where nothing is to be said against it.

        A CA without a list is believed; a CA that a list revokes lets nobody in, nor does one below it.
        """
        if not self.lists:
            return ""
        if certificate.issuer not in self._authorities:
            return UNTOLD
        leaf = _Ca(certificate.issuer, int(certificate.serial_number or "0", 16))
        return REVOKED if self._revoked(leaf, _MAX_CHAIN) else ""

    def overdue(self, now_ms: Millis) -> list[str]:
        """The issuers of lists that should have been followed by newer ones."""
        return [one.issuer for one in self.lists if one.next_update is not None and one.next_update < now_ms]

    def follow(self, before: "RevocationLists") -> None:
        """BadList unless these may take the place of those `before`: none is older, or gone while its CA stays."""
        now = {one.scope: one for one in self.lists}
        for old in before.lists:
            new = now.get(old.scope)
            if new is None and old.signer in self._keys:
                raise BadList(f"the list of {old.issuer} is gone, and the CA is not: restart if that is meant")
            if new is not None and new.this_update < old.this_update:
                raise BadList(f"the list of {old.issuer} is older than the one in use")

    def _revoked(self, certificate: _Ca, most: int) -> bool:
        if any(
            certificate.issuer == one.issuer and certificate.serial_number in one.serial_numbers
            for one in self.lists
        ):
            return True
        above = self._authorities.get(certificate.issuer, [])
        at_the_top = not above or any(one.issuer == certificate.issuer for one in above)
        # A CA may have several certificates: one that is not revoked is enough.
        return not at_the_top and most > 0 and all(self._revoked(one, most - 1) for one in above)


def read(contents: Iterable[bytes], authorities: Sequence[x509.Certificate], now_ms: Millis) -> RevocationLists:
    """The lists of some files, PEM (any number) or DER (one); BadList when any of them cannot be relied on.

    Each is signed by one of the authorities, complete (no delta, nobody else's certificates) and begun. One that
    is overdue counts: what it revokes stays revoked. Of two of the same scope the newer one counts.
    """
    found: dict[tuple[bytes, bytes], RevocationList] = {}
    for content in contents:
        for crl in _parsed(content):
            one = _checked(crl, authorities, now_ms)
            known = found.get(one.scope)
            if known is None or known.this_update < one.this_update:
                found[one.scope] = one
    return RevocationLists(found.values(), authorities)


def _parsed(content: bytes) -> list[x509.CertificateRevocationList]:
    try:
        if content.startswith(_DER):
            return [x509.load_der_x509_crl(content)]
        found = [x509.load_pem_x509_crl(text) for text in _PEM.findall(content)]
    except UNREADABLE as error:
        raise BadList(f"it cannot be read: {error}") from error
    if not found:
        raise BadList("there is no list in it: give CRLs as PEM or DER")
    return found


def _checked(
    crl: x509.CertificateRevocationList, authorities: Sequence[x509.Certificate], now_ms: Millis
) -> RevocationList:
    try:
        issuer = crl.issuer.rfc4514_string()
        signer = next((one for one in authorities if _signed(crl, one)), None)
        if signer is None:
            raise BadList(f"no CA of WATTLOG_CLIENT_CA_FILE has signed the list of {issuer}")
        if crl.last_update_utc > datetime_of(now_ms) + _SKEW:
            raise BadList(f"the list of {issuer} is of the future: {crl.last_update_utc.isoformat()}")
        serial_numbers = frozenset(entry.serial_number for entry in crl)
        until = crl.next_update_utc
        return RevocationList(
            issuer,
            _key(signer),
            _point(crl),
            int(crl.last_update_utc.timestamp() * 1000),
            None if until is None else int(until.timestamp() * 1000),
            serial_numbers,
        )
    except UNREADABLE as error:
        raise error if isinstance(error, BadList) else BadList(f"it cannot be read: {error}") from error


def _key(authority: x509.Certificate) -> bytes:
    return authority.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _signed(crl: x509.CertificateRevocationList, authority: x509.Certificate) -> bool:
    """The CA is a CA, of that name, and may sign lists (RFC 5280, 6.3.3 (f) and (g))."""
    if authority.subject != crl.issuer:
        return False
    try:
        if not authority.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        usage = authority.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound as error:
        if error.oid == x509.BasicConstraints.oid:
            return False
        usage = None
    try:
        return (usage is None or usage.crl_sign) and crl.is_signature_valid(authority.public_key())  # type: ignore[arg-type]
    except TypeError:
        return False


def _point(crl: x509.CertificateRevocationList) -> bytes:
    """The issuing distribution point as DER, b"" for none; BadList for lists that are not whole ones of a CA."""
    found = b""
    for extension in crl.extensions:
        value = extension.value
        if isinstance(value, x509.IssuingDistributionPoint):
            if value.indirect_crl or value.only_contains_attribute_certs:
                raise BadList("it is not about the CA's own certificates")
            found = value.public_bytes()
        elif extension.critical or isinstance(value, x509.DeltaCRLIndicator):
            raise BadList(f"it has an extension that is not understood here: {extension.oid.dotted_string}")
    return found
