"""What is compared after an outage, and what is told instead of a part that is refused."""

from services.domain.events.common import PartnerQuirks
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


class TestHubs:
    def test_are_told_everything_once_and_those_who_pass_nothing_on_nothing(self) -> None:
        hub = receiving(role="HUB")
        assert len(list(everything([location()], [tariff()], hub))) == 2
        alone = receiving(role="HUB", quirks=PartnerQuirks(broadcast="OFF"))
        assert list(everything([location()], [tariff()], alone)) == []

    def test_do_not_repeat_what_somebody_behind_them_has_missed(self) -> None:
        assert len(list(everything([location()], [tariff()], receiving(hub="NL-HUB")))) == 2


class TestAPartThatIsRefused:
    def test_is_told_as_a_whole(self) -> None:
        whole = whole_instead(push("locations", "L", part="E1", station_id="S"))
        assert whole is not None
        assert (whole.object_id, whole.part, whole.station_id, whole.cause) == ("L", "", "", "")
        assert whole.push_id != push("locations", "L", part="E1").push_id

    def test_is_not_what_is_whole_already(self) -> None:
        assert whole_instead(push()) is None
