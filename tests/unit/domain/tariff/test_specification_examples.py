"""The worked examples of OCPI 2.2.1 and 2.3.0 (mod_tariffs, mod_cdrs), as own data."""

from datetime import UTC, datetime, time
from decimal import Decimal

import pytest

from services.domain.tariff.engine import price_session
from services.domain.tariff.model import Amount, DayOfWeek, Reservation, Tariff, TaxIncluded
from services.domain.tariff.session import Session
from tests.unit.domain.tariff.priced import component, element, session, tariff, used

WEEKDAYS = frozenset(list(DayOfWeek)[:5])
EVENING = datetime(2026, 3, 2, 16, tzinfo=UTC)

START_AND_ENERGY = element(component("FLAT", "0.50", 1, "20"), component("ENERGY", "0.25", 1, "10"))
SWITCHING = tariff(
    element(
        component("TIME", "1.20", 1800),
        component("PARKING_TIME", "1.00", 900),
        start_time=time(0),
        end_time=time(17),
    ),
    element(
        component("TIME", "2.40", 900),
        component("PARKING_TIME", "1.00", 900),
        start_time=time(17),
        end_time=time(20),
    ),
    element(component("TIME", "2.40", 900), start_time=time(20), end_time=time(0)),
)
COMPLEX = tariff(
    element(component("FLAT", "2.50", 1, "15")),
    element(component("TIME", "1.00", 900, "20"), max_current=Decimal(32)),
    element(component("TIME", "2.00", 600, "20"), min_current=Decimal(32), day_of_week=WEEKDAYS),
    element(
        component("TIME", "1.25", 600, "20"),
        min_current=Decimal(32),
        day_of_week=frozenset({DayOfWeek.SATURDAY, DayOfWeek.SUNDAY}),
    ),
    element(
        component("PARKING_TIME", "5.00", 300, "10"),
        start_time=time(9),
        end_time=time(18),
        day_of_week=WEEKDAYS,
    ),
    element(
        component("PARKING_TIME", "6.00", 300, "10"),
        start_time=time(10),
        end_time=time(17),
        day_of_week=frozenset({DayOfWeek.SATURDAY}),
    ),
)


def reserved_at(*elements: object) -> Tariff:
    return tariff(*elements, START_AND_ENERGY)  # type: ignore[arg-type]


RESERVATION, EXPIRES = Reservation.RESERVATION, Reservation.RESERVATION_EXPIRES
RESERVED_15 = reserved_at(element(component("TIME", "5", 60, "20"), reservation=RESERVATION))
RESERVED_16 = reserved_at(
    element(component("FLAT", "2", 1, "20"), component("TIME", "5", 300, "20"), reservation=RESERVATION)
)
RESERVED_17 = reserved_at(
    element(component("FLAT", "4", 1, "20"), reservation=EXPIRES),
    element(component("TIME", "2", 600, "20"), reservation=RESERVATION),
)
RESERVED_18 = reserved_at(
    element(component("TIME", "6", 600, "20"), reservation=EXPIRES),
    element(component("TIME", "3", 600, "20"), reservation=RESERVATION),
)
CHARGED = used(60, kwh="20")


def at(hour: int, minute: int, *parts: object) -> Session:
    return session(*parts, start=EVENING.replace(hour=hour, minute=minute))  # type: ignore[arg-type]


def cost(excl_vat: str, incl_vat: str) -> Amount:
    return Amount(Decimal(excl_vat), Decimal(incl_vat))


class TestTheExamplesOfTheSpecification:
    @pytest.mark.parametrize(
        ("of", "parts", "wanted"),
        [
            (tariff(element(component("ENERGY", "0.25", 1, "10"))), [CHARGED], cost("5", "5.5")),
            (tariff(START_AND_ENERGY), [CHARGED], cost("5.5", "6.1")),
            (
                tariff(element(component("ENERGY", "0.25", 1, "10")), min_price=cost("0.50", "0.55")),
                [used(60, kwh="1.9")],
                cost("0.5", "0.55"),
            ),
            (
                tariff(START_AND_ENERGY, element(component("PARKING_TIME", "2", 900, "20"))),
                [CHARGED, used(40, kind="parking")],
                cost("7", "7.9"),
            ),
            (tariff(START_AND_ENERGY, max_price=cost("10", "11")), [used(60, kwh="50")], cost("10", "11")),
            (tariff(START_AND_ENERGY, max_price=cost("10", "11")), [used(60, kwh="30")], cost("8", "8.85")),
            (tariff(element(component("TIME", "2", 60, "10"))), [used(150)], cost("5", "5.5")),
            (
                tariff(element(component("TIME", "3", 60, "10"), component("PARKING_TIME", "5", 300, "20"))),
                [used(150), used(42, kind="parking")],
                cost("11.25", "12.75"),
            ),
            (tariff(element(component("TIME", "1.90", 300, "5.2"))), [used(150)], cost("4.75", "4.997")),
            (
                tariff(element(component("FLAT", "0.50", 1, "20"), component("ENERGY", "0.25", 100, "10"))),
                [used(60, kwh="20.45")],
                cost("5.625", "6.2375"),
            ),
            (tariff(element(component("FLAT", "0.00", 0))), [CHARGED], cost("0", "0")),
            (RESERVED_15, [used(15, kind="reserved"), CHARGED], cost("6.75", "7.6")),
            (RESERVED_16, [used(13, kind="reserved"), CHARGED], cost("8.75", "10")),
            (RESERVED_17, [used(22, kind="reserved"), CHARGED], cost("6.5", "7.3")),
            (RESERVED_17, [used(60, kind="reserved")], cost("6", "7.2")),
            (RESERVED_18, [used(22, kind="reserved"), CHARGED], cost("7", "7.9")),
            (RESERVED_18, [used(90, kind="reserved")], cost("9", "10.8")),
        ],
    )
    def test_come_out(self, of: Tariff, parts: list[tuple[float, dict[str, object]]], wanted: Amount) -> None:
        assert price_session(session(*parts), [of]).total == wanted

    def test_of_switching_elements_with_parking_come_out(self) -> None:
        charged = at(16, 55, used(5), used(5), used(2, kind="parking"))
        assert price_session(charged, [SWITCHING]).total == cost("0.55", "0.55")

    def test_of_switching_elements_without_parking_come_out(self) -> None:
        charged = at(16, 35, used(25), used(10))
        assert price_session(charged, [SWITCHING]).total == cost("1.3", "1.3")

    def test_of_parking_that_becomes_free_come_out(self) -> None:
        charged = at(19, 40, used(12), used(8, kind="parking"), used(12, kind="parking"))
        assert price_session(charged, [SWITCHING]).total == cost("0.73", "0.73")

    def test_of_a_complex_tariff_come_out(self) -> None:
        monday = session(
            used(165, max_current="16"), used(42, kind="parking"), start=datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
        )
        saturday = session(
            used(114, min_current="43"), used(71, kind="parking"), start=datetime(2026, 3, 7, 13, 30, tzinfo=UTC)
        )
        assert price_session(monday, [COMPLEX]).total == cost("9", "10.3")
        # The text has 12.28: its table takes 114 minutes at 1.25 per hour for 2.28, which is 2.375.
        assert price_session(saturday, [COMPLEX]).total == cost("12.375", "13.975")

    def test_of_power_come_out(self) -> None:
        by_power = tariff(
            element(component("ENERGY", "0.20"), max_power=Decimal(16)),
            element(component("ENERGY", "0.35"), max_power=Decimal(32)),
            element(component("ENERGY", "0.50")),
        )
        charged = session(
            used(10, kwh="1", min_power="6", max_power="6"),
            used(50, kwh="40", min_power="48", max_power="48"),
            used(8, kwh="0.5", min_power="4", max_power="4"),
        )
        assert price_session(charged, [by_power]).total == cost("20.3", "20.3")

    def test_of_duration_come_out(self) -> None:
        by_duration = tariff(
            element(component("ENERGY", "0.00"), max_duration_s=1800),
            element(component("ENERGY", "0.25"), max_duration_s=3600),
            element(component("ENERGY", "0.40")),
        )
        charged = session(used(30, kwh="5"), used(10, kwh="1.2"))
        assert price_session(charged, [by_duration]).total == cost("0.3", "0.3")

    @pytest.mark.parametrize(
        ("before", "after", "step", "wanted"), [("4.3", "1.1", 500, "1.184"), ("0.1152", "0", 25, "0.025")]
    )
    def test_of_blocks_of_energy_come_out(self, before: str, after: str, step: int, wanted: str) -> None:
        of = tariff(
            element(component("ENERGY", "0.20", step), end_time=time(17)),
            element(component("ENERGY", "0.27", step)),
        )
        charged = at(16, 30, used(30, kwh=before), used(30, kwh=after))
        if after == "0":
            charged = at(16, 30, used(30, kwh=before))
        assert price_session(charged, [of]).total == cost(wanted, wanted)

    def test_of_taxes_on_top_and_within_come_out(self) -> None:
        on_top = tariff(element(component("TIME", "2.00", 60)), vat_unknown=True)
        within = tariff(element(component("TIME", "2.10")), tax_included=TaxIncluded.YES, vat_unknown=True)
        assert price_session(session(used(150)), [on_top]).total == Amount(Decimal(5), None)
        assert price_session(session(used(150)), [within]).total == cost("5.25", "5.25")
