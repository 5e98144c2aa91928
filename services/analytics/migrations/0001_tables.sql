-- Tables that the sink writes. Rows of events are unique by their key, so that reading Kafka again changes nothing;
-- of a state the row with the highest version stands. Until ClickHouse has merged them, both kinds can be there
-- twice: ask with FINAL, or the views.
-- Partitions follow the time when we received something, never a station's clock, which can say anything.

CREATE TABLE IF NOT EXISTS meter_readings
(
    tenant LowCardinality(String) COMMENT 'The operator that the data belongs to',
    station_id String COMMENT 'The charging station''s identity as in its connection URL',
    transaction_id Nullable(String) COMMENT 'As the station names it; NULL when it did not say which',
    evse_id Nullable(Int32),
    connector_id Nullable(Int32),
    sampled_at DateTime64(3, 'UTC') COMMENT 'The station''s time',
    measurand LowCardinality(String) COMMENT 'OCPP measurand, e.g. Energy.Active.Import.Register',
    context LowCardinality(String) COMMENT 'OCPP reading context, e.g. Sample.Periodic, Transaction.Begin',
    phase LowCardinality(Nullable(String)),
    location LowCardinality(String) COMMENT 'OCPP location, e.g. Outlet',
    unit LowCardinality(String) COMMENT 'Of value: as sent, or the measurand''s default',
    value Nullable(Decimal(38, 9)) COMMENT 'In unit, with the multiplier applied; NULL when it is no number that fits',
    value_text String COMMENT 'The number as the station sent it',
    multiplier Int32 COMMENT 'Exponent of ten that belongs to value_text',
    offline Bool COMMENT 'The station says that it was not connected then',
    seq_no Nullable(Int32) COMMENT 'OCPP 2.x sequence number of the message',
    event_id String COMMENT 'The event that it came with',
    sample_no Int32 COMMENT 'Its place in that event',
    protocol LowCardinality(String) COMMENT 'E.g. ocpp1.6, ocpp2.0.1',
    recorded_at DateTime64(3, 'UTC') COMMENT 'When we received it',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When this row was written'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(recorded_at)
PRIMARY KEY (tenant, station_id, sampled_at)
ORDER BY (tenant, station_id, sampled_at, event_id, sample_no)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'One row for each value that a station''s meter sampled, and for the registers at start and stop';

CREATE TABLE IF NOT EXISTS station_status
(
    tenant LowCardinality(String) COMMENT 'The operator that the data belongs to',
    station_id String COMMENT 'The charging station''s identity as in its connection URL',
    evse_id Nullable(Int32),
    connector_id Nullable(Int32),
    status LowCardinality(String) COMMENT 'OCPP 2.0.1 ConnectorStatusEnumType',
    reported_status LowCardinality(String) COMMENT 'The word that the station used',
    error_code Nullable(String),
    vendor_error_code Nullable(String),
    info Nullable(String),
    warnings Array(String) COMMENT 'What was tolerated in the message, in words',
    occurred_at DateTime64(3, 'UTC') COMMENT 'The station''s time',
    event_id String,
    protocol LowCardinality(String) COMMENT 'E.g. ocpp1.6, ocpp2.0.1',
    recorded_at DateTime64(3, 'UTC') COMMENT 'When we received it',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When this row was written'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(recorded_at)
PRIMARY KEY (tenant, station_id, occurred_at)
ORDER BY (tenant, station_id, occurred_at, event_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'One row for each status that a connector reported';

CREATE TABLE IF NOT EXISTS authorizations
(
    tenant LowCardinality(String) COMMENT 'The operator that the data belongs to',
    token_uid String,
    token_type LowCardinality(String),
    station_id Nullable(String) COMMENT 'The charging station''s identity as in its connection URL',
    occasion LowCardinality(String) COMMENT 'Authorize, StartTransaction, TransactionEvent',
    status LowCardinality(String) COMMENT 'OCPP 2.0.1 AuthorizationStatusEnumType',
    reason String COMMENT 'Why it was decided so',
    contract_id Nullable(String),
    token_updated_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Version of the whitelist entry that was used',
    event_id String,
    decided_at DateTime64(3, 'UTC'),
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When this row was written'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(decided_at)
PRIMARY KEY (tenant, decided_at)
ORDER BY (tenant, decided_at, event_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'One row for each decision about a token';

CREATE TABLE IF NOT EXISTS sessions
(
    tenant LowCardinality(String) COMMENT 'The operator that the data belongs to',
    session_id String,
    station_id String COMMENT 'The charging station''s identity as in its connection URL',
    transaction_id String,
    protocol LowCardinality(String) COMMENT 'E.g. ocpp1.6, ocpp2.0.1',
    status LowCardinality(String) COMMENT 'ACTIVE, SUSPENDED, COMPLETED',
    evse_id Nullable(Int32),
    connector_id Nullable(Int32),
    id_token Nullable(String) COMMENT 'Identifier as received',
    id_token_type LowCardinality(Nullable(String)) COMMENT 'OCPP 2.0.1 IdTokenEnumType',
    started_at Nullable(DateTime64(3, 'UTC')) COMMENT 'The station''s time',
    ended_at Nullable(DateTime64(3, 'UTC')) COMMENT 'The station''s time',
    meter_start_wh Nullable(Decimal(20, 4)),
    energy_register_wh Nullable(Decimal(20, 4)) COMMENT 'The latest reading',
    energy_wh Decimal(20, 4) COMMENT 'Delivered so far',
    charging_state LowCardinality(Nullable(String)) COMMENT 'OCPP 2.x ChargingStateEnumType',
    stopped_reason LowCardinality(Nullable(String)),
    quality_flags Array(LowCardinality(String)) COMMENT 'What is doubtful about it',
    version Int64 COMMENT 'Grows with every change; the highest stands',
    updated_at DateTime64(3, 'UTC') COMMENT 'When it last changed',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When this row was written'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, session_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Charging sessions as they stand; ask v_sessions for each once';

CREATE TABLE IF NOT EXISTS cdrs
(
    tenant LowCardinality(String) COMMENT 'The operator that the data belongs to',
    cdr_id String,
    status LowCardinality(String) COMMENT 'ISSUED, HELD, CREDITED',
    held_reason Nullable(String),
    session_id String,
    revision Int32 COMMENT '1 for the first record of a session, then one more for each replacement',
    credit Bool COMMENT 'Takes back credit_reference_id',
    credit_reference_id Nullable(String),
    country_code LowCardinality(String) COMMENT 'Of the operator''s party id',
    party_id LowCardinality(String),
    station_id String COMMENT 'The charging station''s identity as in its connection URL',
    transaction_id String,
    protocol LowCardinality(String) COMMENT 'E.g. ocpp1.6, ocpp2.0.1',
    evse_id Nullable(Int32),
    evse_uid Nullable(String),
    connector_id Nullable(Int32),
    location_id Nullable(String),
    location_name Nullable(String),
    location_address Nullable(String),
    location_city Nullable(String),
    location_postal_code Nullable(String),
    location_country LowCardinality(Nullable(String)) COMMENT 'ISO 3166-1 alpha-3',
    location_latitude Nullable(String),
    location_longitude Nullable(String),
    location_time_zone LowCardinality(Nullable(String)) COMMENT 'IANA name',
    id_token Nullable(String) COMMENT 'Identifier as received',
    id_token_type LowCardinality(Nullable(String)) COMMENT 'OCPP 2.0.1 IdTokenEnumType',
    contract_id Nullable(String),
    started_at DateTime64(3, 'UTC') COMMENT 'The station''s time',
    ended_at DateTime64(3, 'UTC') COMMENT 'The station''s time',
    duration_s Int64,
    energy_wh Decimal(20, 4),
    meter_start_wh Nullable(Decimal(20, 4)),
    meter_stop_wh Nullable(Decimal(20, 4)),
    tariff_id Nullable(String) COMMENT 'NULL: no tariff was set, nothing was priced',
    currency LowCardinality(Nullable(String)) COMMENT 'ISO 4217',
    energy_price_per_kwh Nullable(Decimal(22, 6)),
    time_price_per_hour Nullable(Decimal(22, 6)),
    session_fee Nullable(Decimal(22, 6)),
    vat_percent Nullable(Decimal(9, 4)),
    energy_cost Nullable(Decimal(22, 6)),
    time_cost Nullable(Decimal(22, 6)),
    session_cost Nullable(Decimal(22, 6)),
    total_cost_excl_vat Nullable(Decimal(22, 6)),
    total_cost_incl_vat Nullable(Decimal(22, 6)),
    stopped_reason LowCardinality(Nullable(String)),
    periods Array(Tuple(started_at DateTime64(3, 'UTC'), ended_at DateTime64(3, 'UTC'), energy_wh Decimal(20, 4)))
        COMMENT 'Energy between two readings of the register',
    signed_meter_values Array(Tuple(signed_data String, sha256 String, encoding_method String,
        signing_method String, public_key String, context String))
        COMMENT 'Signed meter records, byte for byte as the station sent them',
    quality_flags Array(LowCardinality(String)) COMMENT 'What is doubtful about it',
    version Int64 COMMENT 'Grows with every change; the highest stands',
    updated_at DateTime64(3, 'UTC') COMMENT 'When it last changed; last_updated of OCPI',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When this row was written'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, cdr_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Charge detail records as they stand; ask v_cdrs for each once';

CREATE TABLE IF NOT EXISTS cdrs_by_update AS cdrs
ENGINE = ReplacingMergeTree
PRIMARY KEY (tenant, updated_at)
ORDER BY (tenant, updated_at, cdr_id, version)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024
COMMENT 'Every state of every charge detail record by the time of its change: for pulls by last_updated';

CREATE MATERIALIZED VIEW IF NOT EXISTS cdrs_by_update_mv TO cdrs_by_update AS
SELECT * FROM cdrs;
