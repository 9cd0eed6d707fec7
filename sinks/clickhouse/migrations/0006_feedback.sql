CREATE TABLE IF NOT EXISTS headrace_store.feedback
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log' CODEC(ZSTD(1)),
    `anomaly` String COMMENT 'Id of the flag, as in anomalies' CODEC(ZSTD(1)),
    `ts` DateTime64(3, 'UTC') COMMENT 'When it was said, time of the broker, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `verdict` LowCardinality(String) COMMENT 'true: the flag was right; false: it was wrong; expected: it was right, and nobody needed to be told',
    `by` LowCardinality(String) COMMENT 'Who said so',
    `reason` String COMMENT 'Why, in the words of whoever said so' CODEC(ZSTD(1)),
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine, stack or gateway whose series was flagged',
    `metric` LowCardinality(String) COMMENT 'What was measured; its unit is declared in the topology',
    `detector` LowCardinality(String) COMMENT 'Name of the detector or rule that raised the flag',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Where it was said: anomaly.feedback',
    `partition` Int32 COMMENT 'Partition of that topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the record in its partition' CODEC(Delta, ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(`ts`)
ORDER BY (`topology`, `anomaly`, `ts`, `partition`, `offset`)
TTL `stored_at` + INTERVAL 10 YEAR
SETTINGS ttl_only_drop_parts = 1
COMMENT 'What people said of anomaly flags';

ALTER TABLE headrace_store.ledger
    ADD COLUMN IF NOT EXISTS `feedback` UInt64 COMMENT 'Rows of feedback emitted' CODEC(Delta, ZSTD(1)) AFTER `acks`;
