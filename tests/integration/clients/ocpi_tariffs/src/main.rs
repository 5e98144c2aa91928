//! Prices JSON lines with the `ocpi-tariffs` crate: a second opinion for the differential test and the benchmark.
//!
//! Reads lines of `{"id", "version": "211" | "221", "tz", "cdr", "tariff"?}` and writes a line each of
//! `{"id", …totals}` or `{"id", "error"}`. With `--bench` it prices all lines repeatedly for that many seconds and
//! writes `{"priced", "seconds"}` instead.

use std::io::{self, BufRead as _, Write as _};
use std::time::Instant;

use chrono::TimeDelta;
use chrono_tz::Tz;
use ocpi_tariffs::{cdr, price, tariff, Kwh, Price, Version};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{json, value::RawValue, Value};

#[derive(Deserialize)]
struct Line<'a> {
    id: String,
    version: String,
    tz: String,
    #[serde(borrow)]
    cdr: &'a RawValue,
    #[serde(borrow)]
    tariff: Option<&'a RawValue>,
}

fn amount(value: Decimal) -> Value {
    json!(value.normalize().to_string())
}

fn money(value: Option<Price>) -> Value {
    value.map_or(Value::Null, |price| {
        let incl_vat = price.incl_vat.map_or(Value::Null, |money| amount(Decimal::from(money)));
        json!({"excl_vat": amount(Decimal::from(price.excl_vat)), "incl_vat": incl_vat})
    })
}

fn energy(value: Option<Kwh>) -> Value {
    value.map_or(Value::Null, |kwh| amount(Decimal::from(kwh)))
}

fn seconds(value: Option<TimeDelta>) -> Value {
    value.map_or(Value::Null, |duration| json!(duration.num_seconds()))
}

fn priced(line: &Line<'_>) -> Result<Value, String> {
    let version = if line.version == "211" { Version::V211 } else { Version::V221 };
    let zone: Tz = line.tz.parse().map_err(|_| format!("unknown time zone {}", line.tz))?;
    let cdr = cdr::parse_with_version(line.cdr.get(), version).map_err(|error| error.to_string())?.cdr;
    let source = match line.tariff {
        None => price::TariffSource::UseCdr,
        Some(raw) => price::TariffSource::single(
            tariff::parse_with_version(raw.get(), version).map_err(|error| error.to_string())?.tariff,
        ),
    };
    let (report, warnings) = cdr::price(&cdr, source, zone).map_err(|error| format!("{error:?}"))?.into_parts();
    Ok(json!({
        "id": line.id,
        "billed_charging_time_s": seconds(report.billed_charging_time),
        "billed_energy": energy(report.billed_energy),
        "billed_idle_time_s": seconds(report.billed_idle_time),
        "total_cost": money(report.total_cost.calculated),
        "total_energy": energy(report.total_energy.calculated),
        "total_energy_cost": money(report.total_energy_cost.calculated),
        "total_fixed_cost": money(report.total_fixed_cost.calculated),
        "total_parking_cost": money(report.total_idle_cost.calculated),
        "total_parking_time_s": seconds(report.total_idle_time.calculated),
        "total_time_cost": money(report.total_charging_time_cost.calculated),
        "total_time_s": report.total_time.calculated.num_seconds(),
        "warnings": warnings.len_warnings(),
    }))
}

fn answer(text: &str) -> Value {
    match serde_json::from_str::<Line<'_>>(text) {
        Err(error) => json!({"error": error.to_string()}),
        Ok(line) => priced(&line).unwrap_or_else(|error| json!({"id": line.id, "error": error})),
    }
}

fn main() -> io::Result<()> {
    let lines: Vec<String> = io::stdin().lock().lines().collect::<Result<_, _>>()?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, limit] = arguments.as_slice() {
        assert_eq!(flag, "--bench");
        let limit: f64 = limit.parse().expect("seconds");
        let (begun, mut count) = (Instant::now(), 0_u64);
        while begun.elapsed().as_secs_f64() < limit {
            for line in &lines {
                std::hint::black_box(answer(line).to_string());
                count += 1;
            }
        }
        return writeln!(out, "{}", json!({"priced": count, "seconds": begun.elapsed().as_secs_f64()}));
    }
    for line in &lines {
        writeln!(out, "{}", answer(line))?;
    }
    Ok(())
}
