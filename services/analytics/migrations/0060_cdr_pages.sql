-- What providers pull: whole records in the order in which they are pulled. A row is never changed; of a record that
-- has moved on there is a second row at its old place that says so. Both are read by key ranges, and so is their number.

CREATE TABLE IF NOT EXISTS cdr_pages
(
    tenant LowCardinality(String) COMMENT 'The operator that the data belongs to',
    provider LowCardinality(String) COMMENT 'Country and party id of the contract id, e.g. NLTNM',
    gone Bool COMMENT 'The record is at another updated_at now',
    updated_at DateTime64(3, 'UTC') COMMENT 'When the record changed; last_updated of OCPI',
    cdr_id String,
    state String COMMENT 'cdr.state as JSON; empty where the record is gone' CODEC(ZSTD(1)),
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When this row was written'
)
ENGINE = ReplacingMergeTree
PRIMARY KEY (tenant, provider, gone, updated_at)
ORDER BY (tenant, provider, gone, updated_at, cdr_id)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 256
COMMENT 'Issued charge detail records by provider and time of change, for pulls; columns are in cdrs';

DROP VIEW IF EXISTS cdrs_by_update_mv;

DROP TABLE IF EXISTS cdrs_by_update;
