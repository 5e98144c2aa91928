-- What providers pull, so that a page is one read in order: of a record that has moved on, the row that says so follows
-- the row of its old place. How many records there are is added up by hour, where pages by offset begin too.

CREATE TABLE IF NOT EXISTS pulled_cdrs
(
    tenant LowCardinality(String) COMMENT 'The operator that the data belongs to',
    provider LowCardinality(String) COMMENT 'Country and party id of the contract id, e.g. NLTNM',
    updated_at DateTime64(3, 'UTC') COMMENT 'When the record changed; last_updated of OCPI',
    cdr_id String,
    gone Bool COMMENT 'The record is at another updated_at now',
    state String COMMENT 'cdr.state as JSON; empty where the record is gone' CODEC(ZSTD(1)),
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When this row was written',
    PROJECTION by_hour
    (
        SELECT tenant, provider, toStartOfHour(updated_at) AS hour, sum(if(gone, -1, 1))
        GROUP BY tenant, provider, hour
    )
)
ENGINE = ReplacingMergeTree
PRIMARY KEY (tenant, provider, updated_at)
ORDER BY (tenant, provider, updated_at, cdr_id, gone)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 256, deduplicate_merge_projection_mode = 'rebuild'
COMMENT 'Issued charge detail records by provider and time of change, for pulls; columns are in cdrs';

DROP TABLE IF EXISTS cdr_pages;
