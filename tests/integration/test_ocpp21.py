"""OCPP 2.1 on a real socket: each of its blocks both ways, one-way messages, and errors about answers."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
from websockets.asyncio.client import ClientConnection

from services.domain.events.common import CommandOutcome
from services.domain.events.station import ProtocolViolated, ReportReceived, StationConnected, VariablesReported
from services.domain.events.transaction import TransactionEnded, TransactionStarted
from services.runtime.settings import KafkaSettings
from tests.integration.ocpp_case import V16, V201, RunningEdge, answer, call, registered, running

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

V21 = "ocpp2.1"
AT = "2026-09-21T14:13:20Z"
ACCEPTED = {"status": "Accepted"}
TARIFF = {
    "tariffId": "T1",
    "currency": "EUR",
    "energy": {"prices": [{"priceKwh": 0.49}], "taxRates": [{"type": "VAT", "tax": 19.0}]},
}
HASH = {"hashAlgorithm": "SHA256", "issuerNameHash": "a1", "issuerKeyHash": "b2", "serialNumber": "3f"}
STATIONS = [f"TWO{number:02}" for number in range(80)]


@pytest.fixture(scope="module")
def names() -> list[str]:
    return list(STATIONS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def edge(kafka: KafkaSettings, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningEdge]:
    own = registered(replace(kafka, topic_prefix="two-one."), *STATIONS)
    async with running(own, Path(tmp_path_factory.mktemp("edge"))) as running_edge:
        yield running_edge


@pytest_asyncio.fixture(loop_scope="module")
async def station(edge: RunningEdge, names: list[str]) -> AsyncIterator[tuple[str, ClientConnection]]:
    """A station of 2.1 that nobody else plays."""
    name = names.pop()
    async with edge.connect(name, (V21,)) as socket:
        yield name, socket


Playing = tuple[str, ClientConnection]


class TestNegotiation:
    @pytest.mark.parametrize("offered", [(V21,), (V201, V21), (V16, V201, V21)])
    async def test_takes_the_newest(self, edge: RunningEdge, names: list[str], offered: tuple[str, ...]) -> None:
        name = names.pop()
        async with edge.connect(name, offered) as socket:
            assert socket.subprotocol == V21
        (connected,) = await edge.wait_for(StationConnected, 1, name)
        assert connected.protocol == V21


NOTIFICATIONS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "NotifyDERAlarm",
        {"controlType": "VoltWatt", "timestamp": AT, "gridEventFault": "OverVoltage", "alarmEnded": False},
        {},
    ),
    ("NotifyDERStartStop", {"controlId": "c1", "started": True, "timestamp": AT, "supersededIds": ["c0"]}, {}),
    (
        "ReportDERControl",
        {
            "requestId": 21,
            "tbc": True,
            "gradient": [{"id": "g", "gradient": {"priority": 1, "gradient": 2.5, "softGradient": 1}}],
        },
        {},
    ),
    (
        "OpenPeriodicEventStream",
        {"constantStreamData": {"id": 1, "params": {}, "variableMonitoringId": 7}},
        ACCEPTED,
    ),
    ("ClosePeriodicEventStream", {"id": 1}, {}),
    ("NotifyWebPaymentStarted", {"evseId": 1, "timeout": 60}, {}),
    (
        "NotifySettlement",
        {
            "pspRef": "p1",
            "status": "Settled",
            "settlementAmount": 12.5,
            "settlementTime": AT,
            "transactionId": "t",
        },
        {},
    ),
    (
        "VatNumberValidation",
        {"vatNumber": "NL123456789B01", "evseId": 1},
        {"vatNumber": "NL123456789B01", "evseId": 1, "status": "Rejected"},
    ),
    (
        "BatterySwap",
        {
            "eventType": "BatteryIn",
            "requestId": 1,
            "idToken": {"idToken": "VALID1", "type": "ISO14443"},
            "batteryData": [{"evseId": 1, "serialNumber": "B1", "soC": 20, "soH": 90}],
        },
        {},
    ),
    ("NotifyPriorityCharging", {"transactionId": "t1", "activated": True}, {}),
    ("PullDynamicScheduleUpdate", {"chargingProfileId": 3}, {"status": "Rejected"}),
    (
        "NotifyEVChargingNeeds",
        {
            "evseId": 1,
            "timestamp": AT,
            "chargingNeeds": {
                "requestedEnergyTransfer": "AC_BPT",
                "availableEnergyTransfer": ["AC_BPT", "AC_three_phase"],
                "controlMode": "DynamicControl",
                "v2xChargingParameters": {"maxChargePower": 11000.0, "maxDischargePower": 7400.0},
            },
        },
        ACCEPTED,
    ),
]
"""Messages of 2.1's own blocks with the answer that each gets."""

OPERATIONS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("SetDefaultTariff", {"evseId": 1, "tariff": TARIFF}, ACCEPTED),
    (
        "GetTariffs",
        {"evseId": 0},
        {"status": "Accepted", "tariffAssignments": [{"tariffId": "T1", "tariffKind": "DefaultTariff"}]},
    ),
    ("ClearTariffs", {"tariffIds": ["T1"]}, {"clearTariffsResult": [{"tariffId": "T1", "status": "Accepted"}]}),
    ("ChangeTransactionTariff", {"transactionId": "t1", "tariff": TARIFF}, ACCEPTED),
    (
        "SetDERControl",
        {
            "isDefault": True,
            "controlId": "c1",
            "controlType": "Gradients",
            "gradient": {"priority": 1, "gradient": 2.5, "softGradient": 1.0},
        },
        ACCEPTED,
    ),
    ("GetDERControl", {"requestId": 21, "isDefault": True}, ACCEPTED),
    ("ClearDERControl", {"isDefault": True, "controlId": "c1"}, ACCEPTED),
    ("NotifyAllowedEnergyTransfer", {"transactionId": "t1", "allowedEnergyTransfer": ["DC", "DC_BPT"]}, ACCEPTED),
    ("AdjustPeriodicEventStream", {"id": 1, "params": {"interval": 10, "values": 5}}, ACCEPTED),
    (
        "GetPeriodicEventStream",
        {},
        {"constantStreamData": [{"id": 1, "params": {"interval": 10}, "variableMonitoringId": 7}]},
    ),
    ("RequestBatterySwap", {"requestId": 1, "idToken": {"idToken": "VALID1", "type": "ISO14443"}}, ACCEPTED),
    ("UsePriorityCharging", {"transactionId": "t1", "activate": True}, ACCEPTED),
    ("UpdateDynamicSchedule", {"chargingProfileId": 3, "scheduleUpdate": {"limit": 16.0}}, ACCEPTED),
    ("AFRRSignal", {"timestamp": AT, "signal": -40}, ACCEPTED),
]
"""Operations that 2.1 added, with an answer that means that it is done."""

REFUSALS: list[tuple[str, dict[str, Any]]] = [
    ("SetDefaultTariff", {"status": "DuplicateTariffId"}),
    ("GetTariffs", {"status": "NoTariff"}),
    ("ClearTariffs", {"clearTariffsResult": [{"status": "Accepted"}, {"tariffId": "T1", "status": "NoTariff"}]}),
    ("ChangeTransactionTariff", {"status": "NoCurrencyChange"}),
    ("ClearDERControl", {"status": "NotFound"}),
    ("UsePriorityCharging", {"status": "NoProfile"}),
    ("AFRRSignal", {"status": "Rejected"}),
]


class TestNotifications:
    @pytest.mark.parametrize(("action", "payload", "expected"), NOTIFICATIONS, ids=[n[0] for n in NOTIFICATIONS])
    async def test_are_answered_and_recorded_whole(
        self, edge: RunningEdge, station: Playing, action: str, payload: dict[str, Any], expected: dict[str, Any]
    ) -> None:
        name, socket = station
        assert await call(socket, action, payload) == [3, "m1", expected]
        (event,) = await edge.wait_for(ReportReceived, 1, name)
        assert (event.operation, event.protocol, event.warnings) == (action, V21, ())
        assert orjson.loads(event.payload_json) == payload

    async def test_of_certificate_chains_are_answered_for_each(self, edge: RunningEdge, station: Playing) -> None:
        name, socket = station
        asked = [
            {"certificateHashData": HASH, "source": source, "urls": ["http://x"]} for source in ("OCSP", "CRL")
        ]
        _, _, said = await call(socket, "GetCertificateChainStatus", {"certificateStatusRequests": asked})
        assert [(one["source"], one["status"]) for one in said["certificateStatus"]] == [
            ("OCSP", "Failed"), ("CRL", "Failed"),
        ]  # fmt: skip
        assert {one["certificateHashData"]["serialNumber"] for one in said["certificateStatus"]} == {"3f"}
        assert len(await edge.wait_for(ReportReceived, 1, name)) == 1

    @pytest.mark.parametrize("action", [n[0] for n in NOTIFICATIONS])
    async def test_without_their_fields_are_refused(self, station: Playing, action: str) -> None:
        _, socket = station
        kind, message_id, code, *_ = await call(socket, action, {})
        assert (kind, message_id, code) == (4, "m1", "OccurrenceConstraintViolation")

    async def test_are_none_of_an_older_station(self, edge: RunningEdge, names: list[str]) -> None:
        async with edge.connect(names.pop(), (V201,)) as socket:
            kind, _, code, *_ = await call(socket, "BatterySwap", NOTIFICATIONS[8][1])
            assert (kind, code) == (4, "NotImplemented")


class TestOperations:
    @pytest.mark.parametrize(("operation", "payload", "said"), OPERATIONS, ids=[o[0] for o in OPERATIONS])
    async def test_are_said_to_the_station_and_their_answers_recorded(
        self, edge: RunningEdge, station: Playing, operation: str, payload: dict[str, Any], said: dict[str, Any]
    ) -> None:
        name, socket = station
        command_id = await edge.ask(name, operation, payload)
        kind, message_id, action, heard = await answer(socket)
        assert (kind, action, heard) == (2, operation, payload)
        await socket.send(orjson.dumps([3, message_id, said]).decode())
        result = await edge.result(command_id)
        assert (result.outcome, result.operation) == (CommandOutcome.ACCEPTED, operation)
        assert orjson.loads(result.answer_json or "") == said

    @pytest.mark.parametrize(("operation", "said"), REFUSALS, ids=[r[0] for r in REFUSALS])
    async def test_that_are_refused_are_recorded_as_that(
        self, edge: RunningEdge, station: Playing, operation: str, said: dict[str, Any]
    ) -> None:
        name, socket = station
        command_id = await edge.ask(name, operation, {o: p for o, p, _ in OPERATIONS}[operation])
        _, message_id, *_ = await answer(socket)
        await socket.send(orjson.dumps([3, message_id, said]).decode())
        result = await edge.result(command_id)
        assert (result.outcome, result.status) == (CommandOutcome.REJECTED, said.get("status"))

    async def test_are_not_said_to_an_older_station(self, edge: RunningEdge, names: list[str]) -> None:
        name = names.pop()
        async with edge.connect(name, (V201,)):
            result = await edge.result(await edge.ask(name, "AFRRSignal", {"timestamp": AT, "signal": 1}))
            assert result.outcome is CommandOutcome.FAILED
            assert result.detail == "AFRRSignal is no operation of ocpp2.0.1"


STREAM = {"id": 1, "pending": 0, "basetime": AT, "data": [{"t": 0.5, "v": "230.1"}, {"t": 1.5, "v": "230.2"}]}


class TestSend:
    async def say(self, socket: ClientConnection, *frames: Any) -> Any:
        """Send frames, and what is answered to the Heartbeat after them: so that silence can be heard."""
        for frame in frames:
            await socket.send(orjson.dumps(frame).decode())
        return await call(socket, "Heartbeat", {}, "after")

    async def test_is_recorded_and_not_answered(self, edge: RunningEdge, station: Playing) -> None:
        name, socket = station
        frames = [
            [6, f"s{pending}", "NotifyPeriodicEventStream", STREAM | {"pending": pending}] for pending in (1, 0)
        ]
        assert (await self.say(socket, *frames))[:2] == [3, "after"]
        first, last = await edge.wait_for(ReportReceived, 2, name)
        assert (first.operation, first.last, last.last) == ("NotifyPeriodicEventStream", False, True)
        assert orjson.loads(last.payload_json) == STREAM

    @pytest.mark.parametrize(
        ("frame", "code"),
        [
            ([6, "s1", "NotifyPeriodicEventStream", {"id": 1}], "OccurrenceConstraintViolation"),
            ([6, "s1", "NotifyPeriodicEventStream", STREAM | {"id": "x"}], "TypeConstraintViolation"),
            ([6, "s1", "Nonsense", {}], "NotImplemented"),
        ],
    )
    async def test_is_not_answered_even_when_it_is_wrong(
        self, edge: RunningEdge, station: Playing, frame: Any, code: str
    ) -> None:
        name, socket = station
        assert (await self.say(socket, frame))[:2] == [3, "after"]
        (event,) = await edge.wait_for(ProtocolViolated, 1, name)
        assert (event.protocol, event.code) == (V21, code)


class TestCallResultError:
    async def test_of_the_station_is_recorded_and_not_answered(self, edge: RunningEdge, station: Playing) -> None:
        name, socket = station
        await call(socket, "Heartbeat", {})
        said = [5, "m1", "FormatViolation", "currentTime is missing", {}]
        await socket.send(orjson.dumps(said).decode())
        assert (await call(socket, "Heartbeat", {}, "m2"))[:2] == [3, "m2"]
        (event,) = await edge.wait_for(ProtocolViolated, 1, name)
        assert event.code == "FormatViolation"
        assert "currentTime is missing" in event.description

    @pytest.mark.parametrize("nonsense", [{}, {"status": "Perhaps"}, {"status": 1}])
    async def test_of_ours_tells_the_station_that_its_answer_was_none(
        self, edge: RunningEdge, station: Playing, nonsense: dict[str, Any]
    ) -> None:
        name, socket = station
        command_id = await edge.ask(name, "AFRRSignal", {"timestamp": AT, "signal": 1})
        _, message_id, *_ = await answer(socket)
        await socket.send(orjson.dumps([3, message_id, nonsense]).decode())
        kind, about, code, description, details = await answer(socket)
        assert (kind, about, code, details) == (5, message_id, "FormatViolation", {})
        assert "AFRRSignal" in description
        assert (await edge.result(command_id)).outcome is CommandOutcome.FAILED

    @pytest.mark.parametrize("kind", [5, 6])
    async def test_and_send_are_message_types_of_2_1_alone(
        self, edge: RunningEdge, names: list[str], kind: int
    ) -> None:
        async with edge.connect(names.pop(), (V201,)) as socket:
            frame = [kind, "s1", "NotifyPeriodicEventStream", {}, {}] if kind == 5 else [kind, "s1", "X", {}]
            await socket.send(orjson.dumps(frame).decode())
            assert (await answer(socket))[:3] == [4, "s1", "MessageTypeNotSupported"]


def transaction(kind: str, seq_no: int, info: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "eventType": kind,
        "timestamp": AT,
        "triggerReason": "CablePluggedIn" if kind == "Started" else "EVDeparted",
        "seqNo": seq_no,
        "transactionInfo": {"transactionId": "t21"} | info,
        "evse": {"id": 1, "connectorId": 1},
    } | more


class TestOlderMessages:
    async def test_take_the_fields_that_transactions_have_since_2_1(
        self, edge: RunningEdge, station: Playing
    ) -> None:
        name, socket = station
        info = {
            "chargingState": "EVConnected",
            "operationMode": "ChargingOnly",
            "tariffId": "T1",
            "transactionLimit": {"maxCost": 20.5, "maxEnergy": 30000, "maxTime": 3600, "maxSoC": 80},
        }
        started = transaction("Started", 0, info, preconditioningStatus="Ready", evseSleep=False)
        assert await call(socket, "TransactionEvent", started) == [3, "m1", {}]
        (event,) = await edge.wait_for(TransactionStarted, 1, name)
        assert (event.transaction_id, event.protocol, event.warnings) == ("t21", V21, ())

        cost = {
            "totalCost": {
                "currency": "EUR",
                "typeOfCost": "NormalCost",
                "energy": {"inclTax": 4.9, "exclTax": 4.12},
                "total": {"inclTax": 4.9, "exclTax": 4.12},
            },
            "totalUsage": {"energy": 10.0, "chargingTime": 1800, "idleTime": 0},
        }
        reading = {
            "timestamp": AT,
            "sampledValue": [
                {"value": 10_000, "context": "Transaction.End", "measurand": "Energy.Active.Import.Register"}
            ],
        }
        ended = transaction(
            "Ended", 1, {"stoppedReason": "EVDisconnected"}, costDetails=cost, meterValue=[reading]
        )
        assert await call(socket, "TransactionEvent", ended, "m2") == [3, "m2", {}]
        (over,) = await edge.wait_for(TransactionEnded, 1, name)
        assert (over.meter_stop_wh, over.stopped_reason, over.warnings) == (Decimal(10_000), "EVDisconnected", ())

    async def test_of_2_1_are_warned_about_when_an_older_station_says_them(
        self, edge: RunningEdge, names: list[str]
    ) -> None:
        name = names.pop()
        async with edge.connect(name, (V201,)) as socket:
            started = transaction("Started", 0, {"tariffId": "T1"}, preconditioningStatus="Ready")
            assert await call(socket, "TransactionEvent", started) == [3, "m1", {}]
            (event,) = await edge.wait_for(TransactionStarted, 1, name)
            assert len(event.warnings) == 2

    async def test_are_the_same_in_2_1(self, edge: RunningEdge, station: Playing) -> None:
        name, socket = station
        boot = {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}}
        assert (await call(socket, "BootNotification", boot))[2]["status"] == "Accepted"
        report = {
            "requestId": 7,
            "generatedAt": AT,
            "seqNo": 0,
            "reportData": [
                {
                    "component": {"name": "TariffCostCtrlr"},
                    "variable": {"name": "Available", "instance": "Tariff"},
                    "variableAttribute": [{"value": "true"}],
                }
            ],
        }
        assert await call(socket, "NotifyReport", report, "m2") == [3, "m2", {}]
        (event,) = await edge.wait_for(VariablesReported, 1, name)
        assert (event.variables[0].component, event.variables[0].value) == ("TariffCostCtrlr", "true")

    async def test_carry_profiles_of_2_1(self, edge: RunningEdge, station: Playing) -> None:
        name, socket = station
        profile = {
            "id": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "PriorityCharging",
            "chargingProfileKind": "Dynamic",
            "dynUpdateInterval": 60,
            "chargingSchedule": [
                {
                    "id": 1,
                    "chargingRateUnit": "W",
                    "chargingSchedulePeriod": [
                        {"startPeriod": 0, "operationMode": "CentralSetpoint", "setpoint": -5000.0}
                    ],
                }
            ],
        }
        asked = {"evseId": 1, "chargingProfile": profile}
        command_id = await edge.ask(name, "SetChargingProfile", asked)
        _, message_id, action, heard = await answer(socket)
        assert (action, heard) == ("SetChargingProfile", asked)
        await socket.send(orjson.dumps([3, message_id, ACCEPTED]).decode())
        assert (await edge.result(command_id)).outcome is CommandOutcome.ACCEPTED
