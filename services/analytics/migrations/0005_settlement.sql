-- How far each issued charge detail record is settled: what statements add up.

CREATE TABLE IF NOT EXISTS settlements
(
    tenant LowCardinality(String) COMMENT 'The operator that the data belongs to',
    cdr_id String COMMENT 'Of v_cdrs',
    session_id String COMMENT 'Of v_sessions',
    revision Int32 COMMENT '1 for the first record of a session, then one more for each replacement',
    credit_reference_id Nullable(String) COMMENT 'The record that this one takes back',
    partner_id Nullable(String) COMMENT 'Who pays, e.g. NL-TNM; NULL: no agreement covers it',
    agreement_id Nullable(String),
    status LowCardinality(String) COMMENT 'ISSUED, DELIVERED, ACCEPTED, DECLINED, DISPUTED, INVOICED, CREDITED',
    reason String COMMENT 'Of the last step that gave one',
    invoice_reference Nullable(String),
    station_id String COMMENT 'The charging station''s identity as in its connection URL',
    contract_id Nullable(String),
    started_at DateTime64(3, 'UTC') COMMENT 'The station''s time',
    ended_at DateTime64(3, 'UTC') COMMENT 'The station''s time',
    energy_wh Decimal(20, 4),
    currency LowCardinality(Nullable(String)) COMMENT 'ISO 4217',
    total_cost_excl_vat Nullable(Decimal(22, 6)),
    total_cost_incl_vat Nullable(Decimal(22, 6)),
    issued_at DateTime64(3, 'UTC') COMMENT 'Decides which statement it is on',
    version Int64 COMMENT 'Grows with every step',
    updated_at DateTime64(3, 'UTC') COMMENT 'When it last took a step',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When this row was written'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(issued_at)
ORDER BY (tenant, issued_at, cdr_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Issued charge detail records and how far they are settled; read with FINAL';
