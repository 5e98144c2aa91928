-- What signed meter values prove: each signature, each session, and the keys of meters.

CREATE TABLE IF NOT EXISTS signed_records
(
    tenant LowCardinality(String) COMMENT 'The operator that the data belongs to',
    station_id String COMMENT 'The charging station''s identity as in its connection URL',
    evse_id Nullable(Int32),
    transaction_id Nullable(String),
    session_id Nullable(String) COMMENT 'Of v_sessions',
    sha256 String COMMENT 'Of the record as it was received',
    signature_no Int32 COMMENT 'Place of the signature in the record, from 0',
    context LowCardinality(String) COMMENT 'OCPP reading context',
    format LowCardinality(String) COMMENT 'E.g. OCMF; empty when it was not recognised',
    signature LowCardinality(String) COMMENT 'VALID, INVALID or NO_KEY',
    findings Array(LowCardinality(String)) COMMENT 'Codes of what is wrong',
    key_id Nullable(String) COMMENT 'Of meter_keys',
    meter_serial Nullable(String) COMMENT 'As signed',
    gateway_serial Nullable(String) COMMENT 'As signed',
    pagination Nullable(String) COMMENT 'Packet number as signed, e.g. T12',
    register_kwh Nullable(String) COMMENT 'The last reading, exact',
    verifier LowCardinality(String) COMMENT 'Version of the verifier',
    event_id String,
    sampled_at DateTime64(3, 'UTC') COMMENT 'The station''s time',
    recorded_at DateTime64(3, 'UTC') COMMENT 'When we received it',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When this row was written'
)
ENGINE = ReplacingMergeTree(recorded_at)
PARTITION BY toYYYYMM(sampled_at)
ORDER BY (tenant, station_id, sampled_at, event_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'One row for each signature of a signed meter record; read with FINAL';

CREATE TABLE IF NOT EXISTS verdicts
(
    tenant LowCardinality(String) COMMENT 'The operator that the data belongs to',
    session_id String COMMENT 'Of v_sessions',
    session_revision Int32 COMMENT 'Of the session''s end',
    station_id String COMMENT 'The charging station''s identity as in its connection URL',
    evse_id Nullable(Int32),
    outcome LowCardinality(String) COMMENT 'OK, FAILED, UNDECIDED or UNSIGNED',
    findings Array(LowCardinality(String)) COMMENT 'Codes of what is wrong or doubtful',
    messages Array(String) COMMENT 'The findings in words',
    energy_kwh Nullable(String) COMMENT 'End minus begin of the billing register, exact',
    time_billable Bool COMMENT 'The clock is proven',
    records Array(String) COMMENT 'sha256 of each record, begin to end',
    key_id Nullable(String) COMMENT 'Of meter_keys',
    keys_version Int64 COMMENT 'Version of the point''s keys',
    verifier LowCardinality(String) COMMENT 'Version of the verifier',
    event_id String,
    recorded_at DateTime64(3, 'UTC') COMMENT 'When what it follows from was received',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When this row was written'
)
ENGINE = ReplacingMergeTree(keys_version)
ORDER BY (tenant, session_id, session_revision)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'The last verdict on each revision of a session; read with FINAL';

CREATE TABLE IF NOT EXISTS meter_keys
(
    tenant LowCardinality(String) COMMENT 'The operator that the data belongs to',
    station_id String COMMENT 'The charging station''s identity as in its connection URL',
    evse_id Int32,
    key_id String,
    public_key String COMMENT 'As it was given',
    meter_serial Nullable(String),
    curve LowCardinality(String) COMMENT 'Empty when the key does not say',
    format LowCardinality(String) COMMENT 'E.g. OCMF; empty when not known',
    status LowCardinality(String) COMMENT 'CANDIDATE, APPROVED, SUPERSEDED or REVOKED',
    source LowCardinality(String) COMMENT 'LABEL, BNETZA, CONFIGURATION_KEY, DATA_TRANSFER or SIGNED_VALUE',
    first_seen_at DateTime64(3, 'UTC'),
    shown_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the station first showed it',
    valid_from Nullable(DateTime64(3, 'UTC')) COMMENT 'NULL: since ever',
    valid_to Nullable(DateTime64(3, 'UTC')),
    calibration_expires_at Nullable(DateTime64(3, 'UTC')),
    approved_by Array(String) COMMENT 'Operators',
    revoked_by Nullable(String) COMMENT 'An operator',
    reason Nullable(String) COMMENT 'Of the revocation',
    billing_stopped Bool COMMENT 'Of the point: another key is shown than the approved one',
    version Int64 COMMENT 'Counts the changes of the point',
    updated_at DateTime64(3, 'UTC'),
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When this row was written'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, station_id, evse_id, key_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Public keys of meters; read with FINAL';

CREATE OR REPLACE VIEW v_pagination_gaps AS
SELECT tenant, meter_serial, context, number_before + 1 AS first_missing, number - 1 AS last_missing,
    number - number_before - 1 AS missing, before_at, sampled_at AS after_at
FROM
(
    SELECT tenant, meter_serial, context, number, sampled_at,
        lagInFrame(number, 1, number) OVER w AS number_before,
        lagInFrame(sampled_at, 1, sampled_at) OVER w AS before_at
    FROM
    (
        SELECT tenant, assumeNotNull(meter_serial) AS meter_serial,
            extract(assumeNotNull(pagination), '^[A-Za-z]*') AS context,
            toInt64OrZero(extract(assumeNotNull(pagination), '[0-9]+$')) AS number, min(sampled_at) AS sampled_at
        FROM signed_records FINAL
        WHERE meter_serial IS NOT NULL AND match(assumeNotNull(pagination), '^[A-Za-z]*[0-9]{1,18}$')
        GROUP BY tenant, meter_serial, context, number
    )
    WINDOW w AS (PARTITION BY tenant, meter_serial, context ORDER BY number ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
)
WHERE number > number_before + 1
COMMENT 'Packet numbers that no signed record of a meter has';
