-- Views for people and BI tools: each session and record once, as it stands. Columns are added, never renamed.

CREATE OR REPLACE VIEW v_sessions
(
    tenant LowCardinality(String) COMMENT 'The operator that the data belongs to',
    session_id String COMMENT 'The same for ever; cdrs name it too',
    station_id String COMMENT 'The charging station''s identity as in its connection URL',
    evse_id Nullable(Int32),
    connector_id Nullable(Int32),
    transaction_id String COMMENT 'As the station names it',
    protocol LowCardinality(String) COMMENT 'E.g. ocpp1.6, ocpp2.0.1',
    status LowCardinality(String) COMMENT 'ACTIVE, SUSPENDED, COMPLETED',
    id_token Nullable(String) COMMENT 'Who charged, as received',
    id_token_type LowCardinality(Nullable(String)) COMMENT 'OCPP 2.0.1 IdTokenEnumType',
    started_at Nullable(DateTime64(3, 'UTC')) COMMENT 'The station''s time',
    ended_at Nullable(DateTime64(3, 'UTC')) COMMENT 'The station''s time; NULL while it goes on',
    duration_s Nullable(Int64) COMMENT 'From start to end; NULL while it goes on',
    meter_start_wh Nullable(Decimal(20, 4)),
    energy_register_wh Nullable(Decimal(20, 4)) COMMENT 'The latest reading',
    energy_wh Decimal(20, 4) COMMENT 'Delivered so far',
    charging_state LowCardinality(Nullable(String)) COMMENT 'OCPP 2.x ChargingStateEnumType',
    stopped_reason LowCardinality(Nullable(String)),
    quality_flags Array(LowCardinality(String)) COMMENT 'What is doubtful about it',
    version Int64 COMMENT 'Grows with every change',
    updated_at DateTime64(3, 'UTC') COMMENT 'When it last changed',
    inserted_at DateTime64(3, 'UTC') COMMENT 'When ClickHouse had that change'
)
AS
SELECT
    tenant, session_id, station_id, evse_id, connector_id, transaction_id, protocol, status, id_token, id_token_type,
    started_at, ended_at, dateDiff('second', started_at, ended_at) AS duration_s, meter_start_wh, energy_register_wh,
    energy_wh, charging_state, stopped_reason, quality_flags, version, updated_at, inserted_at
FROM sessions FINAL
COMMENT 'Charging sessions, each once';

CREATE OR REPLACE VIEW v_cdrs
(
    tenant LowCardinality(String) COMMENT 'The operator that the data belongs to',
    cdr_id String,
    status LowCardinality(String) COMMENT 'ISSUED, HELD, CREDITED',
    held_reason Nullable(String) COMMENT 'Why it was not issued',
    session_id String COMMENT 'Of v_sessions',
    revision Int32 COMMENT '1 for the first record of a session, then one more for each replacement',
    credit Bool COMMENT 'Takes back credit_reference_id',
    credit_reference_id Nullable(String),
    country_code LowCardinality(String) COMMENT 'Of the operator''s party id',
    party_id LowCardinality(String),
    station_id String COMMENT 'The charging station''s identity as in its connection URL',
    evse_uid Nullable(String),
    connector_id Nullable(Int32),
    location_id Nullable(String),
    location_name Nullable(String),
    location_city Nullable(String),
    location_country LowCardinality(Nullable(String)) COMMENT 'ISO 3166-1 alpha-3',
    id_token Nullable(String) COMMENT 'Who charged, as received',
    contract_id Nullable(String),
    started_at DateTime64(3, 'UTC') COMMENT 'The station''s time',
    ended_at DateTime64(3, 'UTC') COMMENT 'The station''s time',
    duration_s Int64,
    energy_wh Decimal(20, 4),
    tariff_id Nullable(String) COMMENT 'NULL: no tariff was set, nothing was priced',
    currency LowCardinality(Nullable(String)) COMMENT 'ISO 4217',
    energy_cost Nullable(Decimal(22, 6)) COMMENT 'Before VAT',
    time_cost Nullable(Decimal(22, 6)) COMMENT 'Before VAT',
    session_cost Nullable(Decimal(22, 6)) COMMENT 'Before VAT',
    total_cost_excl_vat Nullable(Decimal(22, 6)),
    total_cost_incl_vat Nullable(Decimal(22, 6)),
    vat_percent Nullable(Decimal(9, 4)),
    stopped_reason LowCardinality(Nullable(String)),
    signed UInt64 COMMENT 'How many signed meter records it carries',
    quality_flags Array(LowCardinality(String)) COMMENT 'What is doubtful about it',
    version Int64 COMMENT 'Grows with every change',
    updated_at DateTime64(3, 'UTC') COMMENT 'When it last changed; last_updated of OCPI',
    inserted_at DateTime64(3, 'UTC') COMMENT 'When ClickHouse had that change'
)
AS
SELECT
    tenant, cdr_id, status, held_reason, session_id, revision, credit, credit_reference_id, country_code, party_id,
    station_id, evse_uid, connector_id, location_id, location_name, location_city, location_country, id_token,
    contract_id, started_at, ended_at, duration_s, energy_wh, tariff_id, currency, energy_cost, time_cost,
    session_cost, total_cost_excl_vat, total_cost_incl_vat, vat_percent, stopped_reason,
    length(signed_meter_values) AS signed, quality_flags, version, updated_at, inserted_at
FROM cdrs FINAL
COMMENT 'Charge detail records, each once';

CREATE OR REPLACE VIEW v_utilisation_15m
(
    tenant LowCardinality(String) COMMENT 'The operator that the data belongs to',
    station_id String COMMENT 'The charging station''s identity as in its connection URL',
    evse_id Nullable(Int32),
    connector_id Nullable(Int32),
    starts_at DateTime('UTC') COMMENT 'Begin of the quarter of an hour',
    sessions UInt64 COMMENT 'Sessions that were there in it',
    occupied_s Int64 COMMENT 'Seconds of it with a session, at most 900',
    utilisation Float64 COMMENT 'occupied_s of 900, 0 to 1; quarters without a session have no row',
    energy_wh_spread Decimal(38, 4) COMMENT 'Energy of the sessions, spread evenly over their time: an estimate'
)
AS
WITH
    900 AS quarter_s,
    7 * 86400 AS longest_s
SELECT
    tenant,
    station_id,
    evse_id,
    connector_id,
    toDateTime(quarter_at, 'UTC') AS starts_at,
    uniqExact(session_id) AS sessions,
    least(sum(occupied), quarter_s) AS occupied_s,
    round(occupied_s / quarter_s, 4) AS utilisation,
    sum(energy_wh * occupied / greatest(whole_s, 1)) AS energy_wh_spread
FROM
(
    SELECT
        tenant,
        station_id,
        evse_id,
        connector_id,
        session_id,
        energy_wh,
        intDiv(toUnixTimestamp64Milli(assumeNotNull(started_at)), 1000) AS from_s,
        intDiv(toUnixTimestamp64Milli(ifNull(ended_at, now64(3))), 1000) AS until_s,
        least(greatest(until_s, from_s), from_s + longest_s) AS to_s,
        to_s - from_s AS whole_s,
        arrayJoin(range(intDiv(from_s, quarter_s) * quarter_s, to_s + 1, quarter_s)) AS quarter_at,
        least(to_s, quarter_at + quarter_s) - greatest(from_s, quarter_at) AS occupied
    FROM sessions FINAL
    WHERE started_at >= toDateTime64('2010-01-01 00:00:00', 3, 'UTC')
        AND started_at < toDateTime64('2100-01-01 00:00:00', 3, 'UTC')
)
WHERE occupied > 0
GROUP BY tenant, station_id, evse_id, connector_id, quarter_at
COMMENT 'How much connectors were used, by quarter of an hour; a session counts for 7 days at most';
