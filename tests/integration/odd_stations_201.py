"""Stations of OCPP 2.0.1 that do what they may (or nearly), in orders and ways that ours never would.

Each is a function of a `Line`: it charges, and returns its own ledger (see clients_case.py).
"""

from typing import Any

from tests.integration.ocpp_case import V201
from tests.integration.odd_line import Ledger, Line, at, event, line, reading, token


async def tells_only_the_end(it: Line) -> Ledger:
    """All in one event: nobody has heard of a start, so there is nothing to bill."""
    async with it.open(V201) as held:
        readings = [reading(100, 0, "Transaction.Begin"), reading(900, 60, "Transaction.End")]
        told = event("Ended", 0, 60, meterValue=readings, evse={"id": 1}, idToken=token())
        await it.call(held, "TransactionEvent", told)
    return []


async def updates_before_it_starts(it: Line) -> Ledger:
    async with it.open(V201) as held:
        for told in (event("Updated", 1, 20, 400), event("Started", 0, 0, 100), event("Ended", 2, 60, 900)):
            await it.call(held, "TransactionEvent", told)
    return [line("odd", 100, 900)]


async def tells_it_backwards(it: Line) -> Ledger:
    async with it.open(V201) as held:
        story = [
            event("Started", 3, 0, 100),
            *(event("Updated", 3 + step, 10 * step, 100 + 100 * step) for step in range(1, 5)),
            event("Ended", 8, 60, 900),
        ]
        for told in reversed(story):
            await it.call(held, "TransactionEvent", told | {"offline": True})
    return [line("odd", 100, 900)]


async def ends_twice(it: Line) -> Ledger:
    async with it.open(V201) as held:
        for told in (event("Started", 0, 0, 0), event("Ended", 1, 60, 500), event("Ended", 2, 61, 700)):
            await it.call(held, "TransactionEvent", told)
    return [line("odd", 0, 500)]


async def says_who_and_where_later(it: Line) -> Ledger:
    """The transaction begins when the cable is in; the token comes by and by."""
    async with it.open(V201) as held:
        first = event("Started", 0, 0, 10, triggerReason="CablePluggedIn")
        del first["idToken"]
        await it.call(held, "TransactionEvent", first)
        who = event("Updated", 1, 5, 10, idToken=token(), triggerReason="Authorized")
        assert (await it.call(held, "TransactionEvent", who))["idTokenInfo"]["status"] == "Accepted"
        await it.call(held, "TransactionEvent", event("Ended", 2, 60, 60))
    return [line("odd", 10, 60)]


async def counts_in_kwh_and_thousandths(it: Line) -> Ledger:
    async with it.open(V201) as held:

        def kwh(value: Any, minutes: float, context: str, multiplier: int = 0) -> dict[str, Any]:
            unit = {"unit": "kWh", "multiplier": multiplier}
            return reading(value, minutes, context, unitOfMeasure=unit, measurand="Energy.Active.Import.Register")

        begin = event("Started", 0, 0, meterValue=[kwh(1.2345, 0, "Transaction.Begin")])
        end = event("Ended", 1, 60, meterValue=[kwh(2234500, 60, "Transaction.End", -6)])
        for told in (begin, end):
            await it.call(held, "TransactionEvent", told)
    return [line("odd", 1234.5, 2234.5)]


async def says_power_and_soc_first(it: Line) -> Ledger:
    async with it.open(V201) as held:

        def several(wh: int, minutes: float, context: str) -> list[dict[str, Any]]:
            others = [
                {"value": 11000, "measurand": "Power.Active.Import", "context": context},
                {"value": 55, "measurand": "SoC", "context": context, "location": "EV"},
                {"value": 16, "measurand": "Current.Import", "phase": "L1", "context": context},
                {"value": wh - 7, "measurand": "Energy.Active.Import.Register", "phase": "L1", "context": context},
                {
                    "value": wh + 9,
                    "measurand": "Energy.Active.Import.Register",
                    "location": "Inlet",
                    "context": context,
                },
            ]
            register = {"value": wh, "measurand": "Energy.Active.Import.Register", "context": context}
            return [{"timestamp": at(minutes), "sampledValue": [*others, register]}]

        begin = event("Started", 0, 0, meterValue=several(1000, 0, "Transaction.Begin"))
        end = event("Ended", 1, 60, meterValue=several(3000, 60, "Transaction.End"))
        for told in (begin, end):
            await it.call(held, "TransactionEvent", told)
    return [line("odd", 1000, 3000)]


async def begins_again_with_the_same_id(it: Line) -> Ledger:
    """A factory reset: its transaction ids begin again."""
    async with it.open(V201) as held:
        for begin, wh in ((0, 100), (70, 500)):
            await it.call(held, "TransactionEvent", event("Started", 0, begin, wh))
            await it.call(held, "TransactionEvent", event("Ended", 1, begin + 30, wh + 50))
    return [line("odd", 100, 150), line("odd", 500, 550)]


async def measures_each_phase_alone(it: Line) -> Ledger:
    async with it.open(V201) as held:

        def phases(wh: int, minutes: float, context: str) -> list[dict[str, Any]]:
            told = [
                {
                    "value": wh + n,
                    "measurand": "Energy.Active.Import.Register",
                    "phase": f"L{n}",
                    "context": context,
                }
                for n in (1, 2, 3)
            ]
            return [{"timestamp": at(minutes), "sampledValue": told}]

        begin = event("Started", 0, 0, meterValue=phases(100, 0, "Transaction.Begin"))
        end = event("Ended", 1, 60, meterValue=phases(300, 60, "Transaction.End"))
        for told in (begin, end):
            await it.call(held, "TransactionEvent", told)
    return [line("odd", 306, 906)]


async def says_nothing_of_its_meter_at_the_end(it: Line) -> Ledger:
    async with it.open(V201) as held:
        for told in (event("Started", 0, 0, 0), event("Updated", 1, 59, 640), event("Ended", 2, 60)):
            await it.call(held, "TransactionEvent", told)
    return [line("odd", 0, 640)]


async def writes_its_transaction_in_another_case(it: Line) -> Ledger:
    async with it.open(V201) as held:
        for name, told in (("Ab-1", event("Started", 0, 0, 0)), ("aB-1", event("Ended", 1, 60, 10))):
            await it.call(held, "TransactionEvent", told | {"transactionInfo": {"transactionId": name}})
    return [line("Ab-1", 0, 10)]


async def knows_no_token(it: Line) -> Ledger:
    async with it.open(V201) as held:
        first = event("Started", 0, 0, 10)
        del first["idToken"]
        for told in (first, event("Ended", 1, 60, 60)):
            await it.call(held, "TransactionEvent", told)
    return [line("odd", 10, 60, None)]


async def never_says_where(it: Line) -> Ledger:
    async with it.open(V201) as held:
        first = event("Started", 0, 0, 10)
        del first["evse"]
        for told in (first, event("Ended", 1, 60, 60)):
            await it.call(held, "TransactionEvent", told)
    return [line("odd", 10, 60)]


async def tells_its_last_readings_backwards(it: Line) -> Ledger:
    async with it.open(V201) as held:
        first = event("Started", 0, 0, meterValue=[reading(100, 0)])
        end = event("Ended", 1, 60, meterValue=[reading(500, 60), reading(300, 30), reading(200, 20)])
        for told in (first, end):
            await it.call(held, "TransactionEvent", told)
    return [line("odd", 100, 500)]


STATIONS = [
    tells_only_the_end,
    updates_before_it_starts,
    tells_it_backwards,
    ends_twice,
    says_who_and_where_later,
    counts_in_kwh_and_thousandths,
    says_power_and_soc_first,
    begins_again_with_the_same_id,
    measures_each_phase_alone,
    says_nothing_of_its_meter_at_the_end,
    writes_its_transaction_in_another_case,
    knows_no_token,
    never_says_where,
    tells_its_last_readings_backwards,
]
