"""What is compared after an outage, and what is told instead of a part that is refused."""

from services.ocpi.push.resync import everything, whole_instead
from tests.unit.ocpi.facts import location, tariff
from tests.unit.ocpi.push.facts import push, receiving


class TestComparing:
    def test_is_of_all_that_everybody_may_see_tariffs_first(self) -> None:
        places = [location(), location(location_id="LOC-2")]
        found = [(one.module, one.object_id) for one in everything(places, [tariff()], receiving())]
        assert found == [("tariffs", "AC-2026"), ("locations", "LOC-1"), ("locations", "LOC-2")]

    def test_is_of_what_the_partner_receives(self) -> None:
        cdrs = receiving(endpoints=receiving().endpoints[-1:])
        assert list(everything([location()], [tariff()], cdrs)) == []


class TestAPartThatIsRefused:
    def test_is_told_as_a_whole(self) -> None:
        whole = whole_instead(push("locations", "L", part="E1", station_id="S"))
        assert whole is not None
        assert (whole.object_id, whole.part, whole.station_id, whole.cause) == ("L", "", "", "")
        assert whole.push_id != push("locations", "L", part="E1").push_id

    def test_is_not_what_is_whole_already(self) -> None:
        assert whole_instead(push()) is None
