from typing import Any

from services.domain.events.common import MeterKeySource, MeterKeyStatus, MeterKeyVersion
from services.domain.events.meterkey import MeterKeys
from services.evidence.meter_keys.export import FIELDS, rows


def version(status: MeterKeyStatus, **told: Any) -> MeterKeyVersion:
    return MeterKeyVersion(
        key_id=status.value, public_key="ab", status=status, source=MeterKeySource.LABEL,
        first_seen_at=1_790_000_000_000, **told,
    )  # fmt: skip


VERSIONS = tuple(version(status) for status in MeterKeyStatus)
POINT = MeterKeys(tenant="t", station_id="CS1", evse_id=1, versions=VERSIONS, version=1, updated_at=1)


class TestRows:
    def test_for_the_authority_are_of_keys_that_are_or_were_in_force(self) -> None:
        found = rows(POINT, VERSIONS, everything=False)
        assert [row["status"] for row in found] == ["APPROVED", "SUPERSEDED"]

    def test_have_every_field_as_text(self) -> None:
        told = version(
            MeterKeyStatus.REVOKED, approved_by=("ann", "bob"), revoked_by="ann", reason="x", valid_to=0
        )
        (row,) = rows(POINT, [told])
        assert tuple(row) == FIELDS
        assert row["approved_by"] == "ann bob"
        assert row["first_seen_at"] == "2026-09-21T14:13:20Z"
        assert (row["valid_from"], row["valid_to"]) == ("", "1970-01-01T00:00:00Z")
