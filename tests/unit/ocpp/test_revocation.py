"""Lists of revoked certificates: which are relied on, and whom they keep out."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from services.ocpp.revocation import REVOKED, UNTOLD, BadList, RevocationLists, read
from services.ocpp.tls import Certificate
from services.runtime.embedded.pki import Pki
from tests.unit.ocpp import crls
from tests.unit.ocpp.crls import ca_of, crl

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
DAY_MS = 86_400_000


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"), NOW)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("other"), NOW)


def shown(authority: x509.Certificate, serial_number: int) -> Certificate:
    return Certificate(("CP1",), (), f"{serial_number:x}", authority.subject.rfc4514_string())


def taken(pki: Pki, *contents: bytes) -> RevocationLists:
    return read(contents, [ca_of(pki)], NOW_MS)


class TestMistrust:
    @pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
    def test_is_for_what_a_list_names(self, pki: Pki, encoding: Encoding) -> None:
        lists = taken(pki, crl(pki, [5, 0xABC], NOW, encoding=encoding))
        assert [lists.mistrust(shown(ca_of(pki), number)) for number in (5, 0xABC, 6)] == [REVOKED, REVOKED, ""]

    def test_is_of_nobody_where_there_is_no_list(self, pki: Pki) -> None:
        assert taken(pki).mistrust(shown(ca_of(pki), 5)) == ""
        assert taken(pki).mistrust(Certificate(("CP1",), ())) == ""

    def test_is_of_cas_that_are_not_known_once_there_is_a_list(self, pki: Pki) -> None:
        lists = taken(pki, crl(pki, [5], NOW))
        assert lists.mistrust(Certificate(("CP1",), (), "6", "CN=Sent along")) == UNTOLD
        assert lists.mistrust(Certificate(("CP1",), (), "6")) == UNTOLD
        assert lists.trusting([]).mistrust(shown(ca_of(pki), 6)) == UNTOLD

    def test_is_by_the_issuers_own_list_only(self, pki: Pki) -> None:
        second, key = crls.authority("Second", None, None, NOW)
        of_second = crls.issued(second.subject, key, [7], NOW).public_bytes(Encoding.PEM)
        lists = read([crl(pki, [5], NOW) + of_second], [ca_of(pki), second], NOW_MS)
        assert len(lists.lists) == 2
        told = [lists.mistrust(shown(ca, number)) for ca in (ca_of(pki), second) for number in (5, 7)]
        assert told == [REVOKED, "", "", REVOKED]

    def test_of_a_ca_is_of_all_below_it(self) -> None:
        root, root_key = crls.authority("Root", None, None, NOW)
        middle, middle_key = crls.authority("Middle", root, root_key, NOW)
        last, _ = crls.authority("Last", middle, middle_key, NOW)
        of_root = crls.issued(root.subject, root_key, [middle.serial_number], NOW).public_bytes(Encoding.DER)
        lists = read([of_root], [root, middle, last], NOW_MS)
        assert [lists.mistrust(shown(ca, 9)) for ca in (root, middle, last)] == ["", REVOKED, REVOKED]
        renewed, _ = crls.authority("Middle", root, root_key, NOW)
        assert lists.trusting([root, middle, renewed, last]).mistrust(shown(last, 9)) == ""

    def test_ends_where_cas_have_certified_each_other(self) -> None:
        one, one_key = crls.authority("One", None, None, NOW)
        two, two_key = crls.authority("Two", one, one_key, NOW)
        crossed, _ = crls.authority("One", two, two_key, NOW)
        of_two = crls.issued(two.subject, two_key, [1], NOW).public_bytes(Encoding.PEM)
        lists = read([of_two], [two, crossed], NOW_MS)
        assert lists.mistrust(shown(two, 9)) == ""


class TestRead:
    def test_takes_the_newer_of_two_lists(self, pki: Pki) -> None:
        older, newer = crl(pki, [5], NOW - timedelta(days=1)), crl(pki, [6], NOW)
        for contents in ((older, newer), (newer, older), (newer + older,)):
            lists = taken(pki, *contents)
            assert [lists.mistrust(shown(ca_of(pki), number)) for number in (5, 6)] == ["", REVOKED]

    def test_takes_all_parts_of_a_list_that_has_some(self, pki: Pki) -> None:
        def part(name: str) -> Any:
            point = [x509.UniformResourceIdentifier(f"http://ca/{name}")]
            return [(x509.IssuingDistributionPoint(point, None, False, False, None, False, False), True)]

        parts = [crl(pki, [number], NOW, extensions=part(str(number))) for number in (5, 6)]
        lists = taken(pki, *parts)
        assert [lists.mistrust(shown(ca_of(pki), number)) for number in (5, 6, 7)] == [REVOKED, REVOKED, ""]

    def test_takes_what_is_overdue_and_says_so(self, pki: Pki) -> None:
        lists = taken(pki, crl(pki, [5], NOW - timedelta(days=10), days=2))
        assert lists.mistrust(shown(ca_of(pki), 5)) == REVOKED
        assert lists.overdue(NOW_MS) == [ca_of(pki).subject.rfc4514_string()]
        assert lists.overdue(NOW_MS - 9 * DAY_MS) == []

    def test_takes_the_list_of_a_ca_that_does_not_say_what_its_key_is_for(self) -> None:
        ca, key = crls.authority("Terse", None, None, NOW, named=False)
        assert (
            len(read([crls.issued(ca.subject, key, [5], NOW).public_bytes(Encoding.PEM)], [ca], NOW_MS).lists) == 1
        )

    @pytest.mark.parametrize("usage", [{"crl_sign": False}, {"ca": False}, {"basic": False}])
    def test_takes_none_of_who_may_not_sign_lists(self, usage: dict[str, bool]) -> None:
        ca, key = crls.authority("None", None, None, NOW, **usage)
        with pytest.raises(BadList, match="no CA of WATTLOG_CLIENT_CA_FILE has signed the list of CN=None"):
            read([crls.issued(ca.subject, key, [5], NOW).public_bytes(Encoding.PEM)], [ca], NOW_MS)

    def test_takes_none_that_another_has_signed(self, pki: Pki, other: Pki) -> None:
        with pytest.raises(BadList, match="has signed the list"):
            taken(pki, crl(pki, [], NOW, key=crls.key_of(other)))
        with pytest.raises(BadList, match="has signed the list"):
            taken(pki, crl(pki, [], NOW, key=ec.generate_private_key(ec.SECP384R1())))

    def test_takes_none_that_is_changed(self, pki: Pki) -> None:
        der = bytearray(crl(pki, [0x5A5A5A5A], NOW, encoding=Encoding.DER))
        at = der.index(b"\x5a\x5a\x5a\x5a")
        der[at] ^= 1
        with pytest.raises(BadList, match="has signed the list"):
            taken(pki, bytes(der))

    def test_takes_none_of_the_future(self, pki: Pki) -> None:
        with pytest.raises(BadList, match="of the future"):
            taken(pki, crl(pki, [], NOW + timedelta(days=1)))

    @pytest.mark.parametrize(
        ("extension", "critical"),
        [
            (x509.DeltaCRLIndicator(3), True),
            (x509.DeltaCRLIndicator(3), False),
            (x509.IssuingDistributionPoint(None, None, False, False, None, True, False), True),
            (x509.IssuingDistributionPoint(None, None, False, False, None, False, True), True),
            (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\x05\x00"), True),
        ],
    )
    def test_takes_none_that_is_not_the_whole_list_of_a_ca(
        self, pki: Pki, extension: x509.ExtensionType, critical: bool
    ) -> None:
        with pytest.raises(BadList, match=r"not understood|not about"):
            taken(pki, crl(pki, [5], NOW, extensions=[(extension, critical)]))

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"garbage",
            b"\x30\x03\x02\x01",
            b"-----BEGIN X509 CRL-----\n-----END X509 CRL-----",
            b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----",
            b"-----BEGIN X509 CRL-----\nAAAA",
        ],
    )
    def test_takes_no_garbage(self, pki: Pki, content: bytes) -> None:
        with pytest.raises(BadList):
            taken(pki, crl(pki, [], NOW), content)

    def test_knows_no_key_that_signs_nothing(self, pki: Pki) -> None:
        key = x25519.X25519PrivateKey.generate().public_key()
        of_ca = ca_of(pki)
        builder = x509.CertificateBuilder().subject_name(of_ca.subject).issuer_name(of_ca.subject).public_key(key)
        builder = builder.serial_number(1).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1))
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        odd = builder.sign(crls.key_of(pki), crls.hashes.SHA256())
        with pytest.raises(BadList, match="has signed the list"):
            read([crl(pki, [], NOW)], [odd], NOW_MS)

    @given(st.data())
    def test_fails_in_no_other_way(self, pki: Pki, data: st.DataObject) -> None:
        der = bytearray(crl(pki, [5, 6], NOW, encoding=Encoding.DER))
        for _ in range(data.draw(st.integers(1, 4))):
            der[data.draw(st.integers(0, 99_999)) % len(der)] = data.draw(st.integers(0, 255))
        with suppress(BadList):
            taken(pki, bytes(der))


class TestFollow:
    def test_lets_a_newer_list_in(self, pki: Pki) -> None:
        taken(pki, crl(pki, [5], NOW)).follow(taken(pki, crl(pki, [6], NOW - timedelta(days=1))))
        taken(pki, crl(pki, [5], NOW)).follow(taken(pki))

    def test_lets_no_older_one_in(self, pki: Pki) -> None:
        with pytest.raises(BadList, match="is older than the one in use"):
            taken(pki, crl(pki, [], NOW - timedelta(days=1))).follow(taken(pki, crl(pki, [5], NOW)))

    def test_lets_none_go_while_its_ca_stays(self, pki: Pki) -> None:
        before = taken(pki, crl(pki, [5], NOW))
        with pytest.raises(BadList, match="is gone, and the CA is not"):
            taken(pki).follow(before)
        RevocationLists().follow(before)
