-- What stations tell about themselves beside status: variables, monitors, firmware, security.
-- A variable's parts that it does not have are '' and 0, since they are in its key.

CREATE TABLE IF NOT EXISTS device_variables
(
    tenant LowCardinality(String) COMMENT 'The operator that the data belongs to',
    station_id String COMMENT 'The charging station''s identity as in its connection URL',
    component LowCardinality(String) COMMENT 'Empty for configuration keys of OCPP 1.6',
    component_instance String,
    evse_id Int32 COMMENT '0: the station itself',
    connector_id Int32 COMMENT '0: not of a connector',
    variable LowCardinality(String) COMMENT 'OCPP 1.6: the configuration key',
    variable_instance String,
    attribute LowCardinality(String) COMMENT 'Actual, Target, MinSet, MaxSet',
    value Nullable(String) COMMENT 'NULL: not told, write-only, or a password or key',
    mutability LowCardinality(Nullable(String)) COMMENT 'ReadOnly, WriteOnly, ReadWrite',
    unit LowCardinality(Nullable(String)),
    data_type LowCardinality(Nullable(String)),
    min_limit Nullable(String),
    max_limit Nullable(String),
    values_list Nullable(String),
    event_id String COMMENT 'The event that it came with',
    recorded_at DateTime64(3, 'UTC') COMMENT 'When we received it',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When this row was written'
)
ENGINE = ReplacingMergeTree(recorded_at)
ORDER BY (tenant, station_id, component, component_instance, evse_id, connector_id, variable, variable_instance, attribute)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Each variable of each station as it was last told; ask with FINAL';

CREATE TABLE IF NOT EXISTS monitor_events
(
    tenant LowCardinality(String) COMMENT 'The operator that the data belongs to',
    station_id String COMMENT 'The charging station''s identity as in its connection URL',
    occurred_at DateTime64(3, 'UTC') COMMENT 'The station''s time',
    component LowCardinality(String),
    component_instance Nullable(String),
    evse_id Nullable(Int32),
    connector_id Nullable(Int32),
    variable LowCardinality(String),
    variable_instance Nullable(String),
    trigger LowCardinality(String) COMMENT 'Alerting, Delta, Periodic',
    actual_value String,
    notification_type LowCardinality(String),
    cleared Bool COMMENT 'The condition has ended',
    severity Nullable(Int32) COMMENT '0 (danger) to 9 (debug)',
    monitor_id Nullable(Int32),
    transaction_id Nullable(String),
    tech_code Nullable(String),
    tech_info Nullable(String),
    event_number Int32 COMMENT 'The station''s own number of it',
    event_id String COMMENT 'The event that it came with',
    event_place Int32 COMMENT 'Its place in that event',
    recorded_at DateTime64(3, 'UTC') COMMENT 'When we received it',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When this row was written'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(recorded_at)
PRIMARY KEY (tenant, station_id, recorded_at)
ORDER BY (tenant, station_id, recorded_at, event_id, event_place)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'One row each time that a monitor of a station went off';

CREATE TABLE IF NOT EXISTS firmware_status
(
    tenant LowCardinality(String) COMMENT 'The operator that the data belongs to',
    station_id String COMMENT 'The charging station''s identity as in its connection URL',
    work LowCardinality(String) COMMENT 'Update, or Publish to a local network',
    status LowCardinality(String) COMMENT 'The station''s word, e.g. Downloaded, InstallationFailed',
    request_id Nullable(Int32) COMMENT 'Of the command that asked for it',
    event_id String,
    protocol LowCardinality(String) COMMENT 'E.g. ocpp1.6, ocpp2.0.1',
    recorded_at DateTime64(3, 'UTC') COMMENT 'When we received it',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When this row was written'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(recorded_at)
PRIMARY KEY (tenant, station_id, recorded_at)
ORDER BY (tenant, station_id, recorded_at, event_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'One row for each step of a firmware update';

CREATE TABLE IF NOT EXISTS security_events
(
    tenant LowCardinality(String) COMMENT 'The operator that the data belongs to',
    station_id String COMMENT 'The charging station''s identity as in its connection URL',
    type LowCardinality(String) COMMENT 'E.g. AuthenticationFailed, ConnectionFlapping, or the station''s word',
    detail String,
    remote_address Nullable(String),
    occurred_at Nullable(DateTime64(3, 'UTC')) COMMENT 'The station''s time, when it reported it',
    event_id String,
    recorded_at DateTime64(3, 'UTC') COMMENT 'When we received it',
    inserted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When this row was written'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(recorded_at)
PRIMARY KEY (tenant, recorded_at)
ORDER BY (tenant, recorded_at, event_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'One row for each happening that a security team should see';
