-- What records cost, line by line, under which tariff.

ALTER TABLE cdrs
    ADD COLUMN IF NOT EXISTS tariff Nullable(String)
        COMMENT 'In full, as JSON',
    ADD COLUMN IF NOT EXISTS parking_cost Nullable(Decimal(22, 6))
        COMMENT 'Before VAT; of the time after charging had ended',
    ADD COLUMN IF NOT EXISTS reservation_cost Nullable(Decimal(22, 6))
        COMMENT 'Before VAT',
    ADD COLUMN IF NOT EXISTS price_lines Array(Tuple(kind String, quantity Decimal(22, 6), added Decimal(22, 6),
        unit_price Decimal(22, 6),
        vat_percent Nullable(Decimal(9, 4)), cost_excl_vat Decimal(22, 6), cost_incl_vat Nullable(Decimal(22, 6)),
        clock_unproven Bool))
        COMMENT 'They add up to the total; quantities in Wh, seconds or 1',
    ADD COLUMN IF NOT EXISTS period_marks Array(Tuple(parking Bool, average_power_w Nullable(Decimal(20, 4))))
        COMMENT 'Of each of periods: whether charging had ended, and its power where the tariff asks for that';

ALTER TABLE cdrs COMMENT COLUMN vat_percent 'Of simple terms; else as price_lines say';

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
    parking_cost Nullable(Decimal(22, 6)) COMMENT 'Before VAT; of the time after charging had ended',
    reservation_cost Nullable(Decimal(22, 6)) COMMENT 'Before VAT',
    total_cost_excl_vat Nullable(Decimal(22, 6)),
    total_cost_incl_vat Nullable(Decimal(22, 6)),
    vat_percent Nullable(Decimal(9, 4)) COMMENT 'NULL: as price_lines say',
    price_lines Array(Tuple(kind String, quantity Decimal(22, 6), added Decimal(22, 6),
        unit_price Decimal(22, 6),
        vat_percent Nullable(Decimal(9, 4)), cost_excl_vat Decimal(22, 6), cost_incl_vat Nullable(Decimal(22, 6)),
        clock_unproven Bool))
        COMMENT 'They add up to the total; quantities in Wh, seconds or 1',
    clock_unproven Bool COMMENT 'A price hangs on a clock that nobody vouches for',
    tariff Nullable(String) COMMENT 'In full, as JSON',
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
    session_cost, parking_cost, reservation_cost, total_cost_excl_vat, total_cost_incl_vat, vat_percent, price_lines,
    arrayExists(line -> tupleElement(line, 'clock_unproven'), price_lines) AS clock_unproven, tariff, stopped_reason,
    length(signed_meter_values) AS signed, quality_flags, version, updated_at, inserted_at
FROM cdrs FINAL
COMMENT 'Charge detail records, each once';
