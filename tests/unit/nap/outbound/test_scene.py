"""What somebody without a contract pays, and names that tell nothing."""

from dataclasses import replace

from services.nap.outbound.scene import point_id, rate_id, site_id, station_id
from tests.unit.nap.facts import EVSE, FAST, equipment, rich, scene
from tests.unit.ocpi.facts import TERMS, tariff

AD_HOC = tariff(tariff_id="ADHOC", terms=replace(TERMS, tariff_id="ADHOC", type="AD_HOC_PAYMENT"))
ALL = tariff(tariff_id="ALL", terms=replace(TERMS, tariff_id="ALL"))


class TestTariff:
    def test_is_that_of_the_station_when_it_is_for_all(self) -> None:
        one = equipment()
        assert scene(one).tariff(one, one.station.evses[0]) == tariff()

    def test_is_the_one_for_payment_on_the_spot_before_others(self) -> None:
        own = replace(EVSE, connectors=(replace(FAST, tariff_ids=("ALL", "ADHOC", "GONE")),))
        one = equipment(own, tariff_id=None)
        known = {"ALL": ALL, "ADHOC": AD_HOC}
        assert scene(one, tariffs=known).tariff(one, own) == AD_HOC
        assert scene(one, tariffs={"ALL": ALL}).tariff(one, own) == ALL

    def test_is_none_where_there_is_none(self) -> None:
        one = equipment(tariff_id=None)
        assert scene(one).tariff(one, one.station.evses[0]) is None


class TestIdentities:
    def test_stay_and_do_not_tell_what_stations_log_in_with(self) -> None:
        one = equipment()
        own = one.station.evses[0]
        found = [site_id(rich()), station_id(one), point_id(one, own), rate_id(tariff(), rich())]
        assert found == [site_id(rich()), station_id(one), point_id(one, own), rate_id(tariff(), rich())]
        assert len(set(found)) == 4
        assert not any(one.station.station_id in name for name in found)
