"""Hostile frames by the number of the entry that they belong to, with what each is answered.

Entries 32 to 63 of the list of bad input: framing and content. The others are about sockets.
"""

from typing import Any, Final, NamedTuple

import orjson

from services.ocpp.wire.faults import V16, V21, V201

MOMENT: Final = "2026-09-21T14:13:20Z"
TAKEN: Final = "CALLRESULT"
SILENCE: Final = "nothing"


class Hostile(NamedTuple):
    """What comes in which version, and the answer: TAKEN, SILENCE or the code of a CALLERROR.

    `warned`: the events of what was taken say that something was odd.
    """

    entry: int
    name: str
    protocol: str
    frame: bytes
    answer: str
    warned: bool = False

    def __str__(self) -> str:
        return f"{self.entry}-{self.name}-{self.protocol.removeprefix('ocpp')}"


def start(**changes: Any) -> dict[str, Any]:
    return {"connectorId": 1, "idTag": "VALID1", "meterStart": 100, "timestamp": MOMENT} | changes


def stop(**changes: Any) -> dict[str, Any]:
    return {"transactionId": 77, "meterStop": 200, "timestamp": MOMENT} | changes


def meter(*sampled: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"connectorId": 1, "meterValue": [{"timestamp": MOMENT, "sampledValue": list(sampled)}]} | changes


def event(kind: str = "Updated", seq_no: Any = 1, **changes: Any) -> dict[str, Any]:
    return {
        "eventType": kind, "timestamp": MOMENT, "triggerReason": "MeterValuePeriodic", "seqNo": seq_no,
        "transactionInfo": {"transactionId": "TX1"}, "evse": {"id": 1, "connectorId": 1},
    } | changes  # fmt: skip


def reading(value: str) -> bytes:
    """A TransactionEvent with a number that no JSON writer of ours would write."""
    whole = event(meterValue=[{"timestamp": MOMENT, "sampledValue": [{"value": "@"}]}])
    return b'[2,"a","TransactionEvent",' + orjson.dumps(whole).replace(b'"@"', value.encode()) + b"]"


def call(action: str, payload: Any) -> bytes:
    return orjson.dumps([2, "a", action, payload])


def nested(depth: int) -> bytes:
    return b'[2,"a","DataTransfer",{"vendorId":"v","data":' + b"[" * depth + b"]" * depth + b"}]"


def _framing() -> list[Hostile]:
    """Entries 32 to 45, in the words of both versions; where they differ, 1.6 says FormationViolation."""
    both: list[tuple[int, str, bytes, str]] = [
        (32, "an-empty-string", b'""', "RpcFrameworkError"),
        (32, "null", b"null", "RpcFrameworkError"),
        (32, "a-number", b"5", "RpcFrameworkError"),
        (32, "an-object", b"{}", "RpcFrameworkError"),
        (32, "an-empty-array", b"[]", "RpcFrameworkError"),
        (32, "a-type-alone", b"[2]", "RpcFrameworkError"),
        (32, "no-action", b'[2,"a"]', "RpcFrameworkError"),
        (34, "id-a-number", b'[2,5,"Heartbeat",{}]', "RpcFrameworkError"),
        (34, "id-null", b'[2,null,"Heartbeat",{}]', "RpcFrameworkError"),
        (34, "id-a-list", b'[2,["a"],"Heartbeat",{}]', "RpcFrameworkError"),
        (34, "id-empty", b'[2,"","Heartbeat",{}]', "RpcFrameworkError"),
        (34, "id-of-37", b'[2,"' + b"i" * 37 + b'","Heartbeat",{}]', "RpcFrameworkError"),
        (34, "id-of-10-kB", b'[2,"' + b"i" * 10_000 + b'","Heartbeat",{}]', "RpcFrameworkError"),
        (34, "id-a-lone-surrogate", b'[2,"\\ud800","Heartbeat",{}]', "RpcFrameworkError"),
        (35, "action-a-list", b'[2,"a",["Heartbeat"],{}]', "RpcFrameworkError"),
        (35, "action-an-object", b'[2,"a",{},{}]', "RpcFrameworkError"),
        (35, "action-null", b'[2,"a",null,{}]', "RpcFrameworkError"),
        (35, "action-dunder-class", b'[2,"a","__class__",{}]', "NotImplemented"),
        (35, "action-constructor", b'[2,"a","constructor",{}]', "NotImplemented"),
        (35, "action-of-5-kB", b'[2,"a","' + b"A" * 5000 + b'",{}]', "NotImplemented"),
        (36, "payload-a-list", b'[2,"a","Heartbeat",[]]', "FormatViolation"),
        (36, "payload-a-string", b'[2,"a","Heartbeat","x"]', "FormatViolation"),
        (36, "payload-null", b'[2,"a","Heartbeat",null]', TAKEN),
        (37, "an-extra-element", b'[2,"a","Heartbeat",{},{}]', "RpcFrameworkError"),
        (38, "depth-100k", nested(100_000), "RpcFrameworkError"),
        (39, "an-integer-of-5000-digits", b'[2,"a","Heartbeat",{"n":' + b"9" * 5000 + b"}]", "RpcFrameworkError"),
        (39, "1e400", b'[2,"a","Heartbeat",{"n":1e400}]', "RpcFrameworkError"),
        (39, "NaN", b'[2,"a","Heartbeat",{"n":NaN}]', "RpcFrameworkError"),
        (39, "Infinity", b'[2,"a","Heartbeat",{"n":-Infinity}]', "RpcFrameworkError"),
        (41, "a-byte-order-mark", b'\xef\xbb\xbf[2,"a","Heartbeat",{}]', "RpcFrameworkError"),
        (41, "trailing-garbage", b'[2,"a","Heartbeat",{}]x', "RpcFrameworkError"),
        (41, "two-documents", b'[2,"a","Heartbeat",{}][2,"b","Heartbeat",{}]', "RpcFrameworkError"),
        (42, "a-result-nobody-asked-for", b'[3,"never",{"status":"Accepted"}]', SILENCE),
        (42, "an-error-nobody-asked-for", b'[4,"never","GenericError","",{}]', SILENCE),
        (42, "a-result-without-payload", b'[3,"never"]', SILENCE),
    ]
    older = {"RpcFrameworkError": "FormationViolation", "FormatViolation": "FormationViolation"}
    found = [Hostile(number, name, V201, frame, answer) for number, name, frame, answer in both]
    found += [Hostile(number, name, V16, frame, older.get(answer, answer)) for number, name, frame, answer in both]
    for kind in (b'"2"', b"0", b"9", b"true", b"2.0", b"null", b"[2]"):
        frame = b"[" + kind + b',"a","Heartbeat",{}]'
        name = f"type-{kind.decode()}"
        found += [
            Hostile(33, name, V16, frame, SILENCE),
            Hostile(33, name, V201, frame, "MessageTypeNotSupported"),
        ]
    return [
        *found,
        Hostile(38, "depth-900", V16, nested(900), "FormationViolation"),
        Hostile(38, "depth-900", V201, nested(900), "FormatViolation"),
        Hostile(39, "minus-zero", V16, call("StopTransaction", stop(meterStop=-0.0)), TAKEN, True),
        Hostile(45, "2.0.1-on-1.6", V16, call("TransactionEvent", event()), "NotImplemented"),
        Hostile(45, "1.6-on-2.0.1", V201, call("StartTransaction", start()), "NotImplemented"),
        Hostile(45, "SEND-on-2.0.1", V201, b'[6,"a","NotifyPeriodicEventStream",{}]', "MessageTypeNotSupported"),
        Hostile(45, "SEND-on-1.6", V16, b'[6,"a","NotifyPeriodicEventStream",{}]', SILENCE),
        Hostile(45, "SEND-of-nonsense-on-2.1", V21, b'[6,"a","Nonsense",{}]', SILENCE),
    ]


def _content_16() -> list[Hostile]:
    boots = {"chargePointVendor": "V" * 50_000, "chargePointModel": "M"}
    cases: list[tuple[int, str, str, dict[str, Any], str, bool]] = [
        (47, "stop-of-minus-1", "StopTransaction", stop(transactionId=-1), TAKEN, False),
        (47, "stop-of-0", "StopTransaction", stop(transactionId=0), TAKEN, False),
        (47, "stop-of-2-to-the-31", "StopTransaction", stop(transactionId=2**31), TAKEN, False),
        (47, "stop-of-unknown", "StopTransaction", stop(transactionId=123_456), TAKEN, False),
        (50, "meterStart-negative", "StartTransaction", start(meterStart=-5), TAKEN, False),
        (50, "meterStart-of-2-to-the-31", "StartTransaction", start(meterStart=2**31), TAKEN, False),
        (50, "meterStart-of-2-to-the-63", "StartTransaction", start(meterStart=2**63), TAKEN, True),
        (52, "connector-0", "StartTransaction", start(connectorId=0), TAKEN, False),
        (52, "connector-minus-1", "StartTransaction", start(connectorId=-1), TAKEN, False),
        (52, "connector-of-a-million", "StartTransaction", start(connectorId=10**6), TAKEN, False),
        (53, "idTag-of-21", "StartTransaction", start(idTag="T" * 21), TAKEN, True),
        (54, "no-sampled-values", "MeterValues", meter(), "OccurenceConstraintViolation", False),
        (54, "unknown-measurand", "MeterValues", meter({"value": "1", "measurand": "Joy"}), TAKEN, True),
        (54, "unit-garbage", "MeterValues", meter({"value": "1", "unit": "furlong"}), TAKEN, True),
        (54, "phase-garbage", "MeterValues", meter({"value": "1", "phase": "L9"}), TAKEN, True),
        (54, "a-value-that-is-NaN", "MeterValues", meter({"value": "NaN"}), TAKEN, True),
        (54, "a-value-that-is-infinite", "MeterValues", meter({"value": "1e999"}), TAKEN, True),
        (54, "10k-sampled-values", "MeterValues", meter(*[{"value": "1"}] * 10_000), TAKEN, False),
        (56, "a-vendor-of-50-kB", "BootNotification", boots, "PropertyConstraintViolation", False),
        (57, "nested-JSON-in-a-string", "DataTransfer", {"vendorId": "v", "data": "[" * 5000}, TAKEN, False),
        (57, "vendorId-unknown", "DataTransfer", {"vendorId": "'; DROP TABLE x"}, TAKEN, False),
        (57, "data-of-60-kB", "DataTransfer", {"vendorId": "v", "data": "x" * 60_000}, TAKEN, False),
        (58, "a-csr-that-is-none", "SignCertificate", {"csr": "-----BEGIN CERTIFICATE-----"}, TAKEN, False),
        (58, "a-csr-of-20-kB", "SignCertificate", {"csr": "A" * 20_000}, TAKEN, True),
    ]  # fmt: skip
    return [
        Hostile(number, name, V16, call(action, payload), answer, warned)
        for number, name, action, payload, answer, warned in cases
    ]


def _times() -> list[Hostile]:
    """Entry 51: nothing is refused for its clock."""
    times = {
        "222222017": "222222017-10-27T19:10:11Z", "year-1": "0001-01-01T00:00:00Z",
        "year-9999": "9999-12-31T23:59:59Z", "24-00": "2026-09-21T24:00:00Z",
        "plus-99-99": "2026-09-21T14:13:20+99:99", "a-leap-second": "2016-12-31T23:59:60Z", "empty": "",
        "words": "yesterday", "month-13": "2026-13-01T00:00:00Z",
    }  # fmt: skip
    local = {"no-zone": "2026-09-21T14:13:20", "local-time": "2026-09-21T16:13:20+02:00"}
    found = []
    for name, text in (times | local).items():
        odd = name in times
        found += [
            Hostile(51, f"start-at-{name}", V16, call("StartTransaction", start(timestamp=text)), TAKEN, odd),
            Hostile(51, f"started-at-{name}", V201, call("TransactionEvent", event(timestamp=text)), TAKEN, odd),
        ]
    return found


def _words() -> list[Hostile]:
    """Entry 53: text that is code somewhere else is text here."""
    texts = {
        "sql": "'; DROP TABLE t;--", "log4j": "${jndi:ldap://x}", "template": "{{7*7}}",
        "script": "<script>x</script>", "a-formula": "=cmd|' /C x'!A0", "ansi": "\x1b[31mred", "nul": "A\x00B",
        "rtl": "\u202eabc", "lower-case": "valid1",
    }  # fmt: skip
    found = []
    for name, text in texts.items():
        token = {"idToken": text, "type": "ISO14443"}
        found += [
            Hostile(53, f"idTag-{name}", V16, call("StartTransaction", start(idTag=text)), TAKEN),
            Hostile(
                53, f"idToken-{name}", V201, call("TransactionEvent", event("Started", 0, idToken=token)), TAKEN
            ),
        ]
    return found


def _content_201() -> list[Hostile]:
    def sampled(**changes: Any) -> dict[str, Any]:
        value = {"value": 1.5} | changes
        return event(meterValue=[{"timestamp": MOMENT, "sampledValue": [value]}])

    boots = {"reason": "PowerUp", "chargingStation": {"vendorName": "V" * 50_000, "model": "M"}}
    cases: list[tuple[int, str, str, dict[str, Any], str, bool]] = [
        (50, "a-negative-value", "TransactionEvent", sampled(value=-5), TAKEN, False),
        (50, "a-value-of-1e300", "TransactionEvent", sampled(value=1e300), TAKEN, True),
        (52, "evse-0", "TransactionEvent", event(evse={"id": 0}), TAKEN, False),
        (52, "evse-minus-1", "TransactionEvent", event(evse={"id": -1}), TAKEN, False),
        (52, "evse-of-a-million", "TransactionEvent", event(evse={"id": 10**6}), TAKEN, False),
        (54, "unknown-measurand", "TransactionEvent", sampled(measurand="Joy"), TAKEN, True),
        (54, "multiplier-40", "TransactionEvent", sampled(unitOfMeasure={"multiplier": 40}), TAKEN, True),
        (54, "unit-garbage", "TransactionEvent", sampled(unitOfMeasure={"unit": "furlong"}), TAKEN, True),
        (54, "phase-garbage", "TransactionEvent", sampled(phase="L9"), TAKEN, True),
        (55, "seqNo-minus-1", "TransactionEvent", event(seq_no=-1), TAKEN, False),
        (55, "seqNo-of-2-to-the-53", "TransactionEvent", event(seq_no=2**53), TAKEN, True),
        (55, "seqNo-no-number", "TransactionEvent", event(seq_no="1"), "TypeConstraintViolation", False),
        (55, "ended-without-started", "TransactionEvent", event("Ended", 9), TAKEN, False),
        (56, "a-vendor-of-50-kB", "BootNotification", boots, "PropertyConstraintViolation", False),
        (57, "deep-data", "DataTransfer", {"vendorId": "v", "data": [[[[[[[[]]]]]]]]}, TAKEN, False),
        (58, "a-csr-that-is-none", "SignCertificate", {"csr": "-----BEGIN CERTIFICATE-----"}, TAKEN, False),
        (62, "an-unknown-token", "Authorize", {"idToken": {"idToken": "GUESS7", "type": "Local"}}, TAKEN, False),
    ]  # fmt: skip
    found = [
        Hostile(number, name, V201, call(action, payload), answer, warned)
        for number, name, action, payload, answer, warned in cases
    ]
    numbers = {"NaN": "RpcFrameworkError", "1e999": "RpcFrameworkError", "-Infinity": "RpcFrameworkError"}
    return found + [Hostile(50, f"a-value-of-{text}", V201, reading(text), said) for text, said in numbers.items()]


HOSTILE: Final = [*_framing(), *_content_16(), *_times(), *_words(), *_content_201()]
