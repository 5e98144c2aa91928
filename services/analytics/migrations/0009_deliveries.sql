-- What partners were told, and what they said.

CREATE TABLE IF NOT EXISTS deliveries
(
    tenant LowCardinality(String) COMMENT 'The operator that the data belongs to',
    partner_id LowCardinality(String) COMMENT 'Who was told, e.g. NL-TNM',
    module LowCardinality(String) COMMENT 'locations, tariffs, sessions or cdrs',
    object_id String COMMENT 'Of v_sessions, v_cdrs, or a location''s or tariff''s id',
    part String COMMENT 'Uid of the EVSE whose status was told; empty: the whole object',
    method LowCardinality(String) COMMENT 'PUT, PATCH, POST; GET: it was asked what it has; empty: nothing could be sent',
    ocpi_version LowCardinality(String),
    outcome LowCardinality(String) COMMENT 'DELIVERED, ALREADY_THERE, RETRY (will be tried again), REFUSED (a dead letter, or told whole instead of in part)',
    http_status Nullable(Int32) COMMENT 'NULL: no answer',
    ocpi_status Nullable(Int32) COMMENT 'NULL: the answer was none of OCPI',
    message String COMMENT 'What the partner said, or why there was no answer; cut after 300 characters',
    location_url String COMMENT 'Where the partner keeps a record, as its answer says',
    attempt Int32 COMMENT 'Counts from 1, since the process began',
    duration_ms Int32 COMMENT 'From the request to the end of the answer',
    payload_sha256 String COMMENT 'Hex, of the body as it was sent',
    request_id String COMMENT 'X-Request-ID, for the partner to find it by',
    push_id String COMMENT 'What was queued; all attempts to tell it have the same',
    event_id String,
    changed_at DateTime64(3, 'UTC') COMMENT 'When the change was received',
    attempted_at DateTime64(3, 'UTC'),
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When this row was written'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(attempted_at)
ORDER BY (tenant, partner_id, attempted_at, event_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Every attempt to tell a partner something; read with FINAL';
