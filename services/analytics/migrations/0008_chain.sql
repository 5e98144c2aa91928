-- The hash chain over issued charge detail records: what a driver sees of it.

CREATE TABLE IF NOT EXISTS cdr_chain
(
    tenant LowCardinality(String) COMMENT 'The operator that the data belongs to',
    cdr_id String COMMENT 'Of v_cdrs',
    height Int64 COMMENT 'Place in the chain of this operator and partition, from 1',
    record_sha256 String COMMENT 'Over what the record bills and proves',
    previous_sha256 String COMMENT 'The link before; 64 zeros for the first',
    link_sha256 String COMMENT 'Over height, previous_sha256 and record_sha256',
    event_id String,
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When this row was written'
)
ENGINE = ReplacingMergeTree
ORDER BY (tenant, cdr_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'One link for each issued charge detail record; read with FINAL';
