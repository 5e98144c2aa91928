"""Stations of OCPP 1.6 that do what they may (or nearly), in orders and ways that ours never would.

Each is a function of a `Line`: it charges, and returns its own ledger (see clients_case.py).
"""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from tests.integration.ocpp_case import V16, V201
from tests.integration.odd_line import (
    BOOT16,
    TOKEN,
    Ledger,
    Line,
    Raw,
    at,
    event,
    line,
    reading,
    start,
    stop,
)


async def never_boots(it: Line) -> Ledger:
    async with it.open() as held:
        await it.call(held, "MeterValues", {"connectorId": 1, "meterValue": [reading("90", -5)]})
        number = (await it.call(held, "StartTransaction", start(100)))["transactionId"]
        await it.call(held, "StopTransaction", stop(number, 1100))
    return [line(number, 100, 1100)]


async def boots_in_the_middle(it: Line) -> Ledger:
    async with it.open() as held:
        await it.call(held, "BootNotification", BOOT16)
        await it.call(held, "BootNotification", BOOT16)
        number = (await it.call(held, "StartTransaction", start(5)))["transactionId"]
    async with it.open() as held:
        await it.call(held, "BootNotification", BOOT16)
        await it.call(
            held,
            "MeterValues",
            {"connectorId": 1, "transactionId": number, "meterValue": [reading("17", 10)]},
        )
        await it.call(held, "BootNotification", BOOT16)
        await it.call(held, "StopTransaction", stop(number, 25))
    return [line(number, 5, 25)]


async def charges_where_nobody_knows_of(it: Line) -> Ledger:
    async with it.open() as held:
        number = (await it.call(held, "StartTransaction", start(0, connectorId=77)))["transactionId"]
        await it.call(held, "StopTransaction", stop(number, 4096))
    return [line(number, 0, 4096)]


async def stops_twice_with_another_meter(it: Line) -> Ledger:
    async with it.open() as held:
        number = (await it.call(held, "StartTransaction", start(1000)))["transactionId"]
        await it.call(held, "StopTransaction", stop(number, 2000))
        await it.call(held, "StopTransaction", stop(number, 9000))
    return [line(number, 1000, 2000)]


async def measures_after_the_stop(it: Line) -> Ledger:
    async with it.open() as held:
        number = (await it.call(held, "StartTransaction", start(1000)))["transactionId"]
        await it.call(held, "StopTransaction", stop(number, 2000))
        for minutes, wh in ((30, "1500"), (60, "2000"), (61, "2600")):
            told = {"connectorId": 1, "transactionId": number, "meterValue": [reading(wh, minutes)]}
            await it.call(held, "MeterValues", told)
    return [line(number, 1000, 2000)]


async def tells_it_all_hours_later_in_one_go(it: Line) -> Ledger:
    """Three sessions from its memory, without waiting for answers to what needs none."""
    ledger = []
    async with it.open() as held:
        for session in range(3):
            begin = 30 * session - 6 * 60
            number = (await it.call(held, "StartTransaction", start(100 * session, begin)))["transactionId"]
            frames = [
                it.frame(
                    "MeterValues",
                    {
                        "connectorId": 1,
                        "transactionId": number,
                        "meterValue": [reading(str(100 * session + 10 * step), begin + step)],
                    },
                )
                for step in range(1, 6)
            ]
            frames.append(it.frame("StopTransaction", stop(number, 100 * session + 60, begin + 20)))
            for _, text in frames:
                await held.send(text)
            for message_id, _ in frames:
                await it.answer(held, message_id)
            ledger.append(line(number, 100 * session, 100 * session + 60))
    return ledger


async def stops_before_it_starts_again(it: Line) -> Ledger:
    """It forgot the id: -1."""
    async with it.open() as held:
        number = (await it.call(held, "StartTransaction", start(10)))["transactionId"]
        await it.call(held, "StopTransaction", stop(-1, 20, idTag=TOKEN))
        second = (await it.call(held, "StartTransaction", start(20, 70)))["transactionId"]
        await it.call(held, "StopTransaction", stop(second, 50, 90))
    return [line(number, 10, 20), line(second, 20, 50)]


async def writes_times_and_numbers_its_own_way(it: Line) -> Ledger:
    async with it.open() as held:
        begin = start(7.0, timestamp=at(0, ".123456789+00:00"))
        number = (await it.call(held, "StartTransaction", begin))["transactionId"]
        told = [reading("12.5", 30, unit="Wh"), reading("0.0155", 31, unit="kWh"), reading(" 16 ", 32)]
        await it.call(held, "MeterValues", {"connectorId": 1, "transactionId": number, "meterValue": told})
        await it.call(held, "StopTransaction", stop(float(number), 1.7e1, timestamp=at(60, "")))
    return [line(number, 7, 17)]


async def has_a_name_that_must_be_quoted(it: Line) -> Ledger:
    assert quote(it.name, safe="") != it.name
    async with it.open() as held:
        number = (await it.call(held, "StartTransaction", start(1)))["transactionId"]
    every = "".join(f"%{byte:02x}" for byte in it.name.encode())
    async with it.open(path=every + "?token=none") as held:
        await it.call(held, "StopTransaction", stop(number, 2))
    return [line(number, 1, 2)]


async def writes_its_token_in_another_case(it: Line) -> Ledger:
    async with it.open() as held:
        answer = await it.call(held, "StartTransaction", start(1, idTag=TOKEN.lower()))
        assert answer["idTagInfo"]["status"] == "Accepted"
        await it.call(held, "StopTransaction", stop(answer["transactionId"], 11))
    return [line(answer["transactionId"], 1, 11, TOKEN.lower())]


async def offers_everything(it: Line) -> Ledger:
    """All versions and compression; takes what it gets."""
    async with it.open(V16, "ocpp1.5", V201, "mqtt", compression="deflate") as held:
        assert held.subprotocol == V201
        assert held.protocol.extensions == []
        for told in (event("Started", 0, 0, 1), event("Ended", 1, 60, 1001)):
            await it.call(held, "TransactionEvent", told)
    return [line("odd", 1, 1001)]


async def cuts_its_frames_into_pieces(it: Line) -> Ledger:
    async with it.open() as held:
        message_id, text = it.frame("StartTransaction", start(3))

        async def pieces(text: str) -> Any:
            for character in text:
                yield character
                await held.ping()

        await held.send(pieces(text))
        number = (await it.answer(held, message_id))["transactionId"]
        message_id, text = it.frame("StopTransaction", stop(number, 33))
        await held.send([text[:1], "", text[1:40], text[40:]])
        await it.answer(held, message_id)
    return [line(number, 3, 33)]


async def sends_bytes_first(it: Line) -> Ledger:
    with suppress(ConnectionClosed):
        async with it.open() as held:
            await held.send(it.frame("StartTransaction", start(3))[1].encode())
            await held.recv()
    assert held.close_code == 1003
    async with it.open() as held:
        number = (await it.call(held, "StartTransaction", start(4)))["transactionId"]
        await it.call(held, "StopTransaction", stop(number, 5))
    return [line(number, 4, 5)]


async def only_pings_for_a_while(it: Line) -> Ledger:
    async with it.open(ping_interval=None) as held:
        for _ in range(20):
            await (await held.ping())
            await held.pong()
        number = (await it.call(held, "StartTransaction", start(8)))["transactionId"]
        await it.call(held, "StopTransaction", stop(number, 9))
    return [line(number, 8, 9)]


async def writes_a_byte_at_a_time(it: Line) -> Ledger:
    raw = Raw(it)
    await raw.open(drip=True)
    number = (await raw.call(*it.frame("StartTransaction", start(11)), drip=True))["transactionId"]
    await raw.call(*it.frame("StopTransaction", stop(number, 13)), drip=True)
    await raw.close()
    return [line(number, 11, 13)]


async def writes_everything_at_once(it: Line) -> Ledger:
    """Upgrade request and its first messages in one segment, before it has heard anything."""
    raw = Raw(it)
    message_id, text = it.frame("StartTransaction", start(21))
    await raw.open(and_then=[it.frame("BootNotification", BOOT16)[1], text])
    number = (await raw.answer(message_id))["transactionId"]
    await raw.call(*it.frame("StopTransaction", stop(number, 23)))
    await raw.close()
    return [line(number, 21, 23)]


async def closes_its_half_after_the_last_word(it: Line) -> Ledger:
    """It says the stop, and that it will say no more (TCP FIN); the stop counts."""
    async with it.open() as held:
        number = (await it.call(held, "StartTransaction", start(31)))["transactionId"]
    raw = Raw(it)
    await raw.open()
    raw.write(it.frame("StopTransaction", stop(number, 37))[1])
    await raw.writer.drain()
    raw.writer.write_eof()
    await asyncio.wait_for(raw.reader.read(), 30)
    await raw.close()
    return [line(number, 31, 37)]


async def is_cut_off_before_each_answer(it: Line) -> Ledger:
    """And says everything again, with other ids, until it is answered."""
    for minutes, wh in ((0, 50), (0, 50)):
        async with it.open() as held:
            await held.send(it.frame("StartTransaction", start(wh, minutes))[1])
            held.transport.abort()
    async with it.open() as held:
        number = (await it.call(held, "StartTransaction", start(50)))["transactionId"]
        await held.send(it.frame("StopTransaction", stop(number, 70))[1])
        held.transport.abort()
    async with it.open() as held:
        await it.call(held, "StopTransaction", stop(number, 70))
    return [line(number, 50, 70)]


async def charges_on_two_connectors_at_once(it: Line) -> Ledger:
    """With one token, at the same second and meter."""
    async with it.open() as held:
        frames = [it.frame("StartTransaction", start(0, connectorId=number)) for number in (1, 2)]
        for _, text in frames:
            await held.send(text)
        numbers = [(await it.answer(held, message_id))["transactionId"] for message_id, _ in frames]
        assert len(set(numbers)) == 2
        await it.call(held, "StopTransaction", stop(numbers[1], 200))
        await it.call(held, "StopTransaction", stop(numbers[0], 100))
    return [line(numbers[0], 0, 100), line(numbers[1], 0, 200)]


async def puts_its_readings_into_the_stop(it: Line) -> Ledger:
    async with it.open() as held:
        number = (await it.call(held, "StartTransaction", start(0)))["transactionId"]
        data = [reading(str(step * 100), step * 10) for step in range(1, 7)]
        await it.call(held, "StopTransaction", stop(number, 600, transactionData=data, reason="EVDisconnected"))
    return [line(number, 0, 600)]


async def tells_a_day_in_its_stop(it: Line) -> Ledger:
    """Readings of each five minutes, of four things: more than 100 kB in one message."""
    things = {
        "Energy.Active.Import.Register": "Wh", "Power.Active.Import": "W", "Current.Import": "A", "SoC": "Percent",
    }  # fmt: skip

    def readings(step: int) -> dict[str, Any]:
        told = [
            {"value": f"{100 * step}", "measurand": thing, "unit": unit, "context": "Sample.Periodic"}
            for thing, unit in things.items()
        ]
        return {"timestamp": at(5 * step - 24 * 60), "sampledValue": told}

    async with it.open() as held:
        number = (await it.call(held, "StartTransaction", start(0, -24 * 60)))["transactionId"]
        data = [readings(step) for step in range(1, 289)]
        ended = stop(number, 28_800, 0, transactionData=data)
        assert len(it.frame("StopTransaction", ended)[1]) > 100_000
        await it.call(held, "StopTransaction", ended)
    return [line(number, 0, 28_800)]


async def closes_with_its_last_word(it: Line) -> Ledger:
    async with it.open() as held:
        number = (await it.call(held, "StartTransaction", start(41)))["transactionId"]
    raw = Raw(it)
    await raw.open()
    raw.write(it.frame("StopTransaction", stop(number, 47))[1])
    raw.writer.write(Frame(Opcode.CLOSE, b"").serialize(mask=True))
    await raw.writer.drain()
    await raw.close()
    return [line(number, 41, 47)]


async def changes_its_protocol_in_the_middle(it: Line) -> Ledger:
    """A firmware update from 1.6 to 2.0.1 while it charges: it ends the transaction by the id that it has."""
    async with it.open() as held:
        number = (await it.call(held, "StartTransaction", start(1)))["transactionId"]
    async with it.open(V201) as held:
        told = event("Ended", 0, 60, 51, transactionInfo={"transactionId": str(number)})
        await it.call(held, "TransactionEvent", told)
    return [line(number, 1, 51)]


async def wakes_in_1970(it: Line) -> Ledger:
    async with it.open() as held:
        begin = start(50, timestamp="1970-01-01T00:00:05Z")
        number = (await it.call(held, "StartTransaction", begin))["transactionId"]
        await it.call(held, "StopTransaction", stop(number, 70, timestamp=datetime.now(UTC).isoformat()))
    return [line(number, 50, 70)]


async def goes_back_in_time(it: Line) -> Ledger:
    async with it.open() as held:
        number = (await it.call(held, "StartTransaction", start(50, 60)))["transactionId"]
        await it.call(held, "StopTransaction", stop(number, 70, 0))
    return [line(number, 50, 70)]


async def writes_numbers_that_are_none(it: Line) -> Ledger:
    async with it.open() as held:
        number = (await it.call(held, "StartTransaction", start(50, 60)))["transactionId"]
        odd = [reading("55,5", 61), reading("0x37", 62), reading("", 63), reading("5.6e1", 64)]
        await it.call(held, "MeterValues", {"connectorId": 1, "transactionId": number, "meterValue": odd})
        await it.call(held, "StopTransaction", stop(number, 70, 90))
    return [line(number, 50, 70)]


STATIONS = [
    never_boots,
    boots_in_the_middle,
    charges_where_nobody_knows_of,
    stops_twice_with_another_meter,
    measures_after_the_stop,
    tells_it_all_hours_later_in_one_go,
    stops_before_it_starts_again,
    writes_times_and_numbers_its_own_way,
    has_a_name_that_must_be_quoted,
    writes_its_token_in_another_case,
    offers_everything,
    cuts_its_frames_into_pieces,
    sends_bytes_first,
    only_pings_for_a_while,
    writes_a_byte_at_a_time,
    writes_everything_at_once,
    closes_its_half_after_the_last_word,
    is_cut_off_before_each_answer,
    charges_on_two_connectors_at_once,
    puts_its_readings_into_the_stop,
    tells_a_day_in_its_stop,
    closes_with_its_last_word,
    changes_its_protocol_in_the_middle,
    wakes_in_1970,
    goes_back_in_time,
    writes_numbers_that_are_none,
]
