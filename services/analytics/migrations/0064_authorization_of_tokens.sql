-- How the token of a session or record was allowed to charge.

ALTER TABLE sessions
    ADD COLUMN IF NOT EXISTS authorization_method LowCardinality(Nullable(String))
        COMMENT 'OCPI AuthMethod of the token; empty: WHITELIST, or it was not allowed',
    ADD COLUMN IF NOT EXISTS authorization_reference Nullable(String)
        COMMENT 'What the token''s provider calls its permission, if it was asked';

ALTER TABLE cdrs
    ADD COLUMN IF NOT EXISTS authorization_method LowCardinality(Nullable(String))
        COMMENT 'OCPI AuthMethod of the token; empty: WHITELIST, or it was not allowed',
    ADD COLUMN IF NOT EXISTS authorization_reference Nullable(String)
        COMMENT 'What the token''s provider calls its permission, if it was asked';
