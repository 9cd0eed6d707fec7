CREATE TABLE IF NOT EXISTS headrace_store.adjustments
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log' CODEC(ZSTD(1)),
    `adjustment` String COMMENT 'Which adjustment: the same from its command to the verdict on it' CODEC(ZSTD(1)),
    `ts` DateTime64(3, 'UTC') COMMENT 'Time of the broker, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'The stack whose alarm is answered',
    `alarm` String COMMENT 'Id of the alarm that is answered' CODEC(ZSTD(1)),
    `playbook` LowCardinality(String) COMMENT 'Name of the playbook in the topology',
    `mode` LowCardinality(String) COMMENT 'advise or automatic; advise commands nothing',
    `target` LowCardinality(String) COMMENT 'The asset that has the set-point',
    `setpoint` LowCardinality(String) COMMENT 'Which set-point: a metric of that asset; its unit is declared in the topology',
    `direction` LowCardinality(String) COMMENT 'step answers the alarm, back winds back what was done',
    `before` Float64 COMMENT 'The set-point before, in its unit' CODEC(ZSTD(1)),
    `after` Float64 COMMENT 'The set-point wanted, in its unit; equal to before where nothing is wanted' CODEC(ZSTD(1)),
    `attempt` UInt32 COMMENT 'How often it has been commanded, or proposed, so far' CODEC(ZSTD(1)),
    `expires_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'A command must not be carried out after this, time of the broker, UTC; NULL for all else' CODEC(ZSTD(1)),
    `status` LowCardinality(String) COMMENT 'proposed, commanded, acknowledged, rejected, timed_out, effective, no_effect, blocked, escalated or settled',
    `reason` String COMMENT 'One sentence for people' CODEC(ZSTD(1)),
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: alarm.actions',
    `partition` Int32 COMMENT 'Partition of the source topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the record that brought it about' CODEC(Delta, ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(`ts`)
PRIMARY KEY (`topology`, `site`, `asset`, `playbook`, `ts`)
ORDER BY (`topology`, `site`, `asset`, `playbook`, `ts`, `partition`, `offset`, `id`)
TTL `stored_at` + INTERVAL 10 YEAR
SETTINGS ttl_only_drop_parts = 1
COMMENT 'Adjustments of set-points by the control loop: what was commanded, and what became of it';

ALTER TABLE headrace_store.ledger
    ADD COLUMN IF NOT EXISTS `levels` UInt64 COMMENT 'Readings that playbooks need, each sent to alarm.actions' CODEC(Delta, ZSTD(1)) AFTER `conditions`,
    ADD COLUMN IF NOT EXISTS `acks` UInt64 COMMENT 'Acknowledgements of adjustments, each sent on to alarm.actions' CODEC(Delta, ZSTD(1)) AFTER `levels`,
    ADD COLUMN IF NOT EXISTS `adjustments` UInt64 COMMENT 'Rows of adjustments emitted' CODEC(Delta, ZSTD(1)) AFTER `alarms`;
