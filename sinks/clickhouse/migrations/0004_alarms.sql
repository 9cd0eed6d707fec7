CREATE TABLE IF NOT EXISTS headrace_store.alarms
(
    `id` String COMMENT 'Deterministic id of the transition: the same for the same log' CODEC(ZSTD(1)),
    `alarm` String COMMENT 'Id of the alarm: the same every time that it comes on' CODEC(ZSTD(1)),
    `ts` DateTime64(3, 'UTC') COMMENT 'Event time where a condition came on or went off, else the time of the broker at which an operator acted or a timer ran out, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine, stack or vehicle concerned',
    `metric` LowCardinality(String) COMMENT 'What was measured; its unit is declared in the topology',
    `name` LowCardinality(String) COMMENT 'Name of the alarm in the topology',
    `priority` LowCardinality(String) COMMENT 'low, medium, high or critical',
    `transition` LowCardinality(String) COMMENT 'What happened: raised, returned, acknowledged, escalated, shelved, unshelved, shelf_expired, suppressed, unsuppressed, out_of_service or in_service',
    `previous` LowCardinality(String) COMMENT 'State before',
    `state` LowCardinality(String) COMMENT 'State from now on: normal, unacknowledged, acknowledged, returned_unacknowledged, shelved, suppressed or out_of_service',
    `active` UInt8 COMMENT '1 if the condition holds, whatever the state, else 0' CODEC(ZSTD(1)),
    `raised_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'Event time at which the condition last came on, UTC' CODEC(ZSTD(1)),
    `value` Nullable(Float64) COMMENT 'Value at which the condition came on or went off, in the unit of the metric; NULL for all else' CODEC(ZSTD(1)),
    `limit` Nullable(Float64) COMMENT 'The limit that it passed, in the unit of the metric' CODEC(ZSTD(1)),
    `by` LowCardinality(String) COMMENT 'Who: the operator, or headrace for what follows from conditions and time',
    `reason` String COMMENT 'Why: the words of the operator, or one sentence' CODEC(ZSTD(1)),
    `until` Nullable(DateTime64(3, 'UTC')) COMMENT 'When the shelf expires, time of the broker, UTC; NULL unless it is shelved' CODEC(ZSTD(1)),
    `flood` UInt8 COMMENT '1 if the alarms of the site in this partition were in flood, else 0' CODEC(ZSTD(1)),
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic of the transition: alarm.actions',
    `partition` Int32 COMMENT 'Partition of the source topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the record that brought the transition about' CODEC(Delta, ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(`ts`)
PRIMARY KEY (`topology`, `site`, `asset`, `metric`, `name`, `ts`)
ORDER BY (`topology`, `site`, `asset`, `metric`, `name`, `ts`, `partition`, `offset`, `id`)
TTL `stored_at` + INTERVAL 10 YEAR
SETTINGS ttl_only_drop_parts = 1
COMMENT 'Transitions of alarms: what happened to which, when, by whom and why';

ALTER TABLE headrace_store.ledger
    ADD COLUMN IF NOT EXISTS `conditions` UInt64 COMMENT 'Conditions of alarms that came on or went off, each sent to alarm.actions' CODEC(Delta, ZSTD(1)) AFTER `anomalies`,
    ADD COLUMN IF NOT EXISTS `alarms` UInt64 COMMENT 'Rows of alarms emitted' CODEC(Delta, ZSTD(1)) AFTER `conditions`;
