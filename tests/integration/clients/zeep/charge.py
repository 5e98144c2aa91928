"""A station made of `zeep` and the official WSDL of OCPP 1.6; its argument is a plan (see clients_case.py)."""

import json
import sys
import time
from datetime import UTC, datetime
from typing import Any

import requests
import zeep

REGISTER = "Energy.Active.Import.Register"


def central_system(plan: dict[str, Any]) -> Any:
    """A proxy of the central system's service."""
    session = requests.Session()
    session.auth = (plan["station"], plan["password"])
    session.trust_env = False
    client = zeep.Client(plan["wsdl"], transport=zeep.Transport(session=session, operation_timeout=60))
    client.set_default_soapheaders({"ChargeBoxIdentity": plan["station"]})
    return client.create_service(next(iter(client.wsdl.bindings)), plan["url"])


def play(system: Any, plan: dict[str, Any], session: dict[str, Any]) -> dict[str, Any]:
    must(system.Authorize(idTag=plan["token"]).status == "Accepted", "the token is not accepted")
    system.StatusNotification(connectorId=1, status="Charging", errorCode="NoError")
    readings = []
    transaction = 0
    for number, wh in enumerate(session["wh"]):
        readings.append((number, wh, datetime.now(UTC)))
        time.sleep(plan["pause_ms"] / 1000)
        if session["way"] != "offline":
            transaction = tell(system, plan, session, transaction, *readings.pop())
    for reading in readings:
        transaction = tell(system, plan, session, transaction, *reading)
    system.StatusNotification(connectorId=1, status="Available", errorCode="NoError")
    start, stop = session["wh"][0], session["wh"][-1]
    ledger = {"meter_start": start, "meter_stop": stop, "wh": stop - start, "token": plan["token"]}
    return ledger | {"transaction": str(transaction)}


def tell(
    system: Any,
    plan: dict[str, Any],
    session: dict[str, Any],
    transaction: int,
    number: int,
    wh: int,
    at: datetime,
) -> int:
    """Say one reading; the transaction's id."""
    if number == 0:
        begun = system.StartTransaction(connectorId=1, idTag=plan["token"], timestamp=at, meterStart=wh)
        must(begun.idTagInfo.status == "Accepted", "the start is not accepted")
        return int(begun.transactionId)
    if number < len(session["wh"]) - 1:
        sample = {"value": str(wh), "context": "Sample.Periodic", "measurand": REGISTER, "unit": "Wh"}
        value = {"timestamp": at, "sampledValue": [sample]}
        system.MeterValues(connectorId=1, transactionId=transaction, meterValue=[value])
    else:
        system.StopTransaction(
            transactionId=transaction, idTag=plan["token"], timestamp=at, meterStop=wh, reason="Local"
        )
    return transaction


def must(true: bool, what: str) -> None:
    if not true:
        raise AssertionError(what)


def main() -> None:
    plan = json.loads(sys.argv[1])
    system = central_system(plan)
    booted = system.BootNotification(chargePointVendor="zeep", chargePointModel="Python")
    must(booted.status == "Accepted", "not accepted")
    for session in plan["sessions"]:
        print(json.dumps(play(system, plan, session)), flush=True)


if __name__ == "__main__":
    main()
