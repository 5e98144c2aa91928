-- The message log. Frames name drivers' tokens: they are deleted by their age (WATTLOG_FRAMES_KEPT_DAYS).
-- Searches for text in upper(frame) find their granules by the index, if the text has four characters.

CREATE TABLE IF NOT EXISTS ocpp_frames
(
    tenant LowCardinality(String) COMMENT 'The operator that the data belongs to',
    station_id String COMMENT 'The charging station''s identity as in its connection URL',
    protocol LowCardinality(String) COMMENT 'E.g. ocpp1.6, ocpp2.0.1',
    direction LowCardinality(String) COMMENT 'in: from the station, out: from us',
    at DateTime64(3, 'UTC') COMMENT 'When we received or sent it',
    message_type LowCardinality(String) COMMENT 'CALL, CALLRESULT, CALLERROR, CALLRESULTERROR, SEND; empty: none of these',
    message_id String COMMENT 'The same of a call and its answer',
    action LowCardinality(String) COMMENT 'Of an answer: that of its call, empty when that came much earlier',
    error_code LowCardinality(String) COMMENT 'Of a CALLERROR',
    frame String COMMENT 'As it went over the wire, passwords and keys masked' CODEC(ZSTD(3)),
    edge_id LowCardinality(String) COMMENT 'The edge process that held the socket',
    event_id String COMMENT 'The event that it came with',
    frame_no Int32 COMMENT 'Its place in that event',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When this row was written',
    INDEX frame_text upper(frame) TYPE ngrambf_v1(4, 32768, 2, 0) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(at)
PRIMARY KEY (tenant, station_id, at)
ORDER BY (tenant, station_id, at, event_id, frame_no)
TTL toDateTime(at) + toIntervalDay(30)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 1024, ttl_only_drop_parts = 1
COMMENT 'One row for each message between a station and us';
