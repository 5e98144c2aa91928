-- What CPOs that roam with us have told us: where our drivers can charge, their sessions, and what these cost us.

CREATE TABLE IF NOT EXISTS roaming_locations
(
    tenant LowCardinality(String) COMMENT 'The operator that the data belongs to',
    partner_id LowCardinality(String) COMMENT 'The CPO that it came from, e.g. DE-ALP',
    object_id String COMMENT 'Its id in lower case',
    country_code LowCardinality(String) COMMENT 'Of its owner',
    party_id LowCardinality(String) COMMENT 'Of its owner',
    module LowCardinality(String) COMMENT 'Always locations',
    name String,
    address String,
    city String,
    country String COMMENT 'ISO 3166-1 alpha-3',
    evses Int32 COMMENT 'How many there are',
    available Int32 COMMENT 'How many of them are free',
    deleted Bool COMMENT 'The partner has taken it back',
    version LowCardinality(String) COMMENT 'The OCPI version that it was received in',
    object_json String COMMENT 'As OCPI 2.3.0 has it',
    received_json String COMMENT 'As it was received last, byte for byte; of a change in part, that part',
    received_sha256 String COMMENT 'Of received_json',
    findings Array(String) COMMENT 'What it breaks of the specification, what was corrected or lost',
    last_updated DateTime64(3, 'UTC') COMMENT 'The partner''s time',
    received_at DateTime64(3, 'UTC') COMMENT 'When it last changed here',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When this row was written'
)
ENGINE = ReplacingMergeTree(received_at)
ORDER BY (tenant, partner_id, object_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Locations of partners; read with FINAL';

CREATE TABLE IF NOT EXISTS roaming_sessions
(
    tenant LowCardinality(String) COMMENT 'The operator that the data belongs to',
    partner_id LowCardinality(String) COMMENT 'The CPO that it came from, e.g. DE-ALP',
    object_id String COMMENT 'Its id in lower case',
    country_code LowCardinality(String) COMMENT 'Of its owner',
    party_id LowCardinality(String) COMMENT 'Of its owner',
    session_id String COMMENT 'As received',
    status LowCardinality(String) COMMENT 'ACTIVE, COMPLETED, INVALID, PENDING or RESERVATION',
    started_at Nullable(DateTime64(3, 'UTC')),
    ended_at Nullable(DateTime64(3, 'UTC')),
    energy_wh Decimal(20, 4),
    contract_id String,
    token_uid String COMMENT 'One of our tokens; #NA in OCPI 2.1.1',
    location_id String COMMENT 'Of roaming_locations',
    evse_uid String,
    connector_id String,
    currency LowCardinality(String) COMMENT 'ISO 4217',
    authorization_reference String COMMENT 'Of our authorization or command',
    total_cost_excl_vat Nullable(Decimal(22, 6)),
    total_cost_incl_vat Nullable(Decimal(22, 6)),
    version LowCardinality(String) COMMENT 'The OCPI version that it was received in',
    object_json String COMMENT 'As OCPI 2.3.0 has it',
    received_json String COMMENT 'As it was received last, byte for byte; of a change in part, that part',
    received_sha256 String COMMENT 'Of received_json',
    findings Array(String) COMMENT 'What it breaks of the specification, what was corrected or lost',
    last_updated DateTime64(3, 'UTC') COMMENT 'The partner''s time',
    received_at DateTime64(3, 'UTC') COMMENT 'When it last changed here',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When this row was written'
)
ENGINE = ReplacingMergeTree(received_at)
ORDER BY (tenant, partner_id, object_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Sessions of our drivers at partners; read with FINAL';

CREATE TABLE IF NOT EXISTS roaming_cdrs
(
    tenant LowCardinality(String) COMMENT 'The operator that the data belongs to',
    partner_id LowCardinality(String) COMMENT 'The CPO that it came from, e.g. DE-ALP',
    object_id String COMMENT 'Its id in lower case',
    country_code LowCardinality(String) COMMENT 'Of its owner',
    party_id LowCardinality(String) COMMENT 'Of its owner',
    cdr_id String COMMENT 'As received',
    session_id String COMMENT 'Of roaming_sessions',
    credit Bool COMMENT 'It takes another one back',
    credit_reference_id Nullable(String) COMMENT 'The record that it takes back',
    started_at DateTime64(3, 'UTC'),
    ended_at DateTime64(3, 'UTC'),
    contract_id String,
    token_uid String,
    location_id String COMMENT 'Of roaming_locations',
    evse_uid String,
    evse_id String,
    energy_wh Decimal(20, 4),
    currency LowCardinality(String) COMMENT 'ISO 4217',
    total_cost_excl_vat Decimal(22, 6) COMMENT 'As the partner says; of a credit negative',
    total_cost_incl_vat Nullable(Decimal(22, 6)) COMMENT 'NULL: the partner does not say',
    priced_excl_vat Nullable(Decimal(22, 6)) COMMENT 'By the record''s own tariffs',
    priced_incl_vat Nullable(Decimal(22, 6)),
    signed_values Array(Tuple(nature String, signed_data String, sha256 String, decoded_sha256 String)) COMMENT 'As received; sha256 of the text, and of what its Base64 stands for',
    encoding_method LowCardinality(String),
    public_key String COMMENT 'As the record carries it; proves nothing by itself',
    evidence LowCardinality(String) COMMENT 'OK, FAILED, UNDECIDED or UNSIGNED',
    check_findings Array(String) COMMENT 'Where the record contradicts its signed values or its tariffs',
    version LowCardinality(String) COMMENT 'The OCPI version that it was received in',
    object_json String COMMENT 'As OCPI 2.3.0 has it',
    received_json String COMMENT 'As it was received last, byte for byte; of a change in part, that part',
    received_sha256 String COMMENT 'Of received_json',
    findings Array(String) COMMENT 'What it breaks of the specification, what was corrected or lost',
    last_updated DateTime64(3, 'UTC') COMMENT 'The partner''s time',
    received_at DateTime64(3, 'UTC') COMMENT 'When it last changed here',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When this row was written'
)
ENGINE = ReplacingMergeTree(received_at)
ORDER BY (tenant, partner_id, object_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Charge detail records of partners, which we pay; read with FINAL';
