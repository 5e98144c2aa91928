//! A station made of the crate ocpp-charge-point; its argument is a plan (see clients_case.py).

mod hardware;

use std::time::Duration;

use ocpp_charge_point::executor::TokioExecutor;
use ocpp_charge_point::provisioning::TokioBackoff;
use ocpp_charge_point::state::{
    ChargePointEvent, ConnectorEvent, ConnectorState, EvseEvent, IdToken, IdTokenKind, MeterSample, StopReason,
    TransactionEventKind,
};
use ocpp_charge_point::{connect_and_setup, ChargePointRuntime, OcppVersion};
use ocpp_client::{ConnectOptions, ReconnectBehavior, ReconnectPolicy};
use serde::Deserialize;
use serde_json::{json, Value};
use tokio::io::AsyncReadExt;
use tokio::time::{sleep, timeout};

const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
struct Plan {
    url: String,
    station: String,
    password: String,
    protocol: String,
    token: String,
    pause_ms: u64,
    sessions: Vec<Session>,
}

#[derive(Deserialize)]
struct Session {
    way: String,
    wh: Vec<i64>,
}

type Station = ChargePointRuntime<hardware::Post>;

#[tokio::main]
async fn main() {
    let argument = std::env::args().nth(1).expect("a plan");
    let plan: Plan = serde_json::from_str(&argument).expect("a plan in JSON");
    let station = connect(&plan).await;
    for session in &plan.sessions {
        play(&station, &plan, session).await;
    }
    // The crate does not tell when everything was acknowledged: whoever reads the ledger says when it may go.
    say(json!({"done": true}));
    tokio::io::stdin()
        .read_to_end(&mut Vec::new())
        .await
        .expect("the end of stdin");
    std::process::exit(0);
}

async fn connect(plan: &Plan) -> Station {
    let version = match plan.protocol.as_str() {
        "ocpp1.6" => OcppVersion::V1_6,
        "ocpp2.0.1" => OcppVersion::V2_0_1,
        _ => OcppVersion::V2_1,
    };
    let address = format!("{}/{}", plan.url, plan.station);
    loop {
        let options = ConnectOptions {
            username: Some(&plan.station),
            password: Some(&plan.password),
            timeout: Some(Duration::from_secs(25)),
            reconnect: ReconnectBehavior::Enabled(ReconnectPolicy {
                initial_delay: Duration::from_millis(100),
                max_delay: Duration::from_secs(1),
                ..Default::default()
            }),
            ..Default::default()
        };
        let post = hardware::Post::new();
        let connected = connect_and_setup(
            post,
            &address,
            Some(&[version]),
            Some(options),
            None,
            TokioExecutor,
            TokioBackoff,
        )
        .await;
        match connected {
            Ok(station) => return station,
            Err(_) => sleep(Duration::from_millis(200)).await,
        }
    }
}

async fn play(station: &Station, plan: &Plan, session: &Session) {
    let remote = session.way == "remote";
    let mut transactions = station.subscribe_transaction_events();
    happen(station, ConnectorEvent::CableConnected).await;
    until(station, |state| state == ConnectorState::Locked).await;
    if remote {
        say(json!({"ask": "start", "evse": null}));
    } else {
        let token = IdToken {
            value: plan.token.clone(),
            kind: IdTokenKind::ISO14443,
        };
        happen(station, ConnectorEvent::IdTokenPresented(token)).await;
    }
    until(station, |state| state == ConnectorState::Charging).await;
    let started = loop {
        let event = transactions.recv().await.expect("a transaction");
        if event.kind == TransactionEventKind::Started {
            break event.transaction;
        }
    };
    let token = started.id_token.map(|token| token.value.to_string());
    for energy_wh in &session.wh {
        let sample = MeterSample {
            energy_wh: *energy_wh,
            power_w: Some(7_400),
            ..Default::default()
        };
        happen(station, ConnectorEvent::MeterValueSampled(sample)).await;
        sleep(Duration::from_millis(plan.pause_ms)).await;
    }
    if remote {
        say(json!({"ask": "stop", "transaction": started.id.0.to_string()}));
    } else {
        happen(station, ConnectorEvent::ChargingStopped(StopReason::Local)).await;
    }
    until(station, |state| state == ConnectorState::Connected).await;
    happen(station, ConnectorEvent::CableDisconnected).await;
    until(station, |state| state == ConnectorState::Available).await;
    let (start, stop) = (session.wh[0], session.wh[session.wh.len() - 1]);
    let mut line = json!({"meter_start": start, "meter_stop": stop, "wh": stop - start, "token": token});
    if plan.protocol != "ocpp1.6" {
        // In 1.6 the id is the backend's, and the crate keeps it to itself; in 2.x it does so with the token.
        line["transaction"] = json!(started.id.0.to_string());
        line["token"] = Value::Null;
    }
    say(line);
}

async fn happen(station: &Station, event: ConnectorEvent) {
    let event = EvseEvent::Connector { connector_id: 0, event };
    station
        .send(ChargePointEvent::Evse { evse_id: 0, event })
        .await
        .expect("a charge point that works");
}

async fn until(station: &Station, wanted: impl Fn(ConnectorState) -> bool) {
    let reached = timeout(PATIENCE, async {
        while !wanted(station.state().evses[0].connectors[0]) {
            sleep(Duration::from_millis(10)).await;
        }
    });
    if reached.await.is_err() {
        eprintln!("the connector stays {:?}", station.state().evses[0].connectors[0]);
        std::process::exit(1);
    }
}

fn say(line: Value) {
    println!("{line}");
}
