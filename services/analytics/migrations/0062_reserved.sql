-- The reservation that a session used, as far as it was priced.

ALTER TABLE cdrs
    ADD COLUMN IF NOT EXISTS reservation_id Nullable(Int32)
        COMMENT 'The station''s number of the reservation that was used',
    ADD COLUMN IF NOT EXISTS reserved_periods Array(Tuple(started_at DateTime64(3, 'UTC'),
        ended_at DateTime64(3, 'UTC'), energy_wh Decimal(20, 4)))
        COMMENT 'Time before the start that was reserved, as priced';
