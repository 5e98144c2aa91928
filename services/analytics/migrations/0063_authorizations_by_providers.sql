-- Whose word a decision about a token was, and how long it was waited for.

ALTER TABLE authorizations
    ADD COLUMN IF NOT EXISTS authorization_method LowCardinality(String)
        COMMENT 'OCPI AuthMethod: AUTH_REQUEST when the token''s provider was asked; empty in old rows: WHITELIST',
    ADD COLUMN IF NOT EXISTS partner_id LowCardinality(String)
        COMMENT 'The provider whose word it is; empty: nobody''s',
    ADD COLUMN IF NOT EXISTS authorization_reference Nullable(String)
        COMMENT 'What the provider calls it; sessions and records name it',
    ADD COLUMN IF NOT EXISTS transaction_id Nullable(String)
        COMMENT 'The transaction that was to begin with it',
    ADD COLUMN IF NOT EXISTS waited_ms Nullable(Int64)
        COMMENT 'How long the provider was waited for; NULL: it was not asked';
