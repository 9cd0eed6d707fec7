-- Emissions: verdicts, the headroom of the running period, and emitted mass. Keyed by rule, stack and period, so that a
-- row written again replaces itself.

CREATE TABLE IF NOT EXISTS headrace_store.compliance
(
    `id` String COMMENT 'Deterministic id of the verdict: the same for the same log' CODEC(ZSTD(1)),
    `rule` LowCardinality(String) COMMENT 'Name of the rule in the topology',
    `pack` LowCardinality(String) COMMENT 'Rule pack by which it was judged',
    `pack_version` LowCardinality(String) COMMENT 'Version of the pack; +local where the topology changes numbers of it',
    `standard` LowCardinality(String) COMMENT 'Where the limit comes from, as the topology says',
    `period` LowCardinality(String) COMMENT 'half_hour, hour, day or month',
    `period_start` DateTime64(3, 'UTC') COMMENT 'First moment of the period, inclusive, event time, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `period_end` DateTime64(3, 'UTC') COMMENT 'End of the period, exclusive, event time, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `site` LowCardinality(String) COMMENT 'Site of the stack',
    `asset` LowCardinality(String) COMMENT 'The stack',
    `metric` LowCardinality(String) COMMENT 'The pollutant; its unit is declared in the topology',
    `verdict` LowCardinality(String) COMMENT 'compliant, exceeded or insufficient_data; what is missing is never taken for compliant',
    `reason` String COMMENT 'One sentence with the numbers that decided' CODEC(ZSTD(1)),
    `raw_mean` Nullable(Float64) COMMENT 'Mean as measured, in the unit of the metric; NULL where nothing is valid' CODEC(ZSTD(1)),
    `oxygen_mean` Nullable(Float64) COMMENT 'Mean oxygen of the same minutes, % by volume; NULL where the rule does not look at oxygen, or nothing is valid' CODEC(ZSTD(1)),
    `oxygen_reference` Nullable(Float64) COMMENT 'Oxygen at which the limit holds, % by volume; NULL where the measured mean is judged' CODEC(ZSTD(1)),
    `corrected_mean` Nullable(Float64) COMMENT 'Mean at the reference oxygen, in the unit of the metric; NULL where nothing is valid' CODEC(ZSTD(1)),
    `confidence` Nullable(Float64) COMMENT 'What was subtracted as confidence interval of the measurement, in the unit of the metric' CODEC(ZSTD(1)),
    `judged_mean` Nullable(Float64) COMMENT 'What was held against the limit: corrected_mean less confidence, in the unit of the metric' CODEC(ZSTD(1)),
    `limit` Float64 COMMENT 'Highest mean allowed, in the unit of the metric' CODEC(ZSTD(1)),
    `valid_minutes` UInt32 COMMENT 'Minutes with a valid reading' CODEC(ZSTD(1)),
    `stopped_minutes` UInt32 COMMENT 'Minutes in which the plant did not run' CODEC(ZSTD(1)),
    `invalid_minutes` UInt32 COMMENT 'Minutes with readings of which none is valid: calibration, maintenance, fault, oxygen as in air' CODEC(ZSTD(1)),
    `missing_minutes` UInt32 COMMENT 'Minutes without a reading' CODEC(ZSTD(1)),
    `valid_parts` UInt32 COMMENT 'Valid parts: minutes or quarters of an hour, hours or half-hours of a day, days of a month' CODEC(ZSTD(1)),
    `required_parts` UInt32 COMMENT 'Valid parts that the pack asks for; 0 where the plant did not run' CODEC(ZSTD(1)),
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic',
    `partition` Int32 COMMENT 'Partition of the source topic' CODEC(ZSTD(1)),
    `first_offset` Int64 COMMENT 'Offset of the first record that the verdict rests on; -1 where there is none' CODEC(Delta, ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the last record that the verdict rests on; -1 where there is none' CODEC(Delta, ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(`period_start`)
PRIMARY KEY (`topology`, `site`, `asset`, `metric`, `rule`, `period`, `period_start`)
ORDER BY (`topology`, `site`, `asset`, `metric`, `rule`, `period`, `period_start`, `topic`, `partition`)
TTL `stored_at` + INTERVAL 10 YEAR
SETTINGS ttl_only_drop_parts = 1
COMMENT 'Verdicts on emissions with their evidence: one row for each rule, stack and period that has a limit';

CREATE TABLE IF NOT EXISTS headrace_store.headroom
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log' CODEC(ZSTD(1)),
    `rule` LowCardinality(String) COMMENT 'Name of the rule in the topology',
    `ts` DateTime64(3, 'UTC') COMMENT 'End of the minute, event time, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `period_start` DateTime64(3, 'UTC') COMMENT 'First moment of the period that runs, event time, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `period_end` DateTime64(3, 'UTC') COMMENT 'End of the period that runs, exclusive, event time, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `site` LowCardinality(String) COMMENT 'Site of the stack',
    `asset` LowCardinality(String) COMMENT 'The stack',
    `metric` LowCardinality(String) COMMENT 'The pollutant; its unit is declared in the topology',
    `valid_minutes` UInt32 COMMENT 'Valid minutes of the period so far' CODEC(ZSTD(1)),
    `remaining_minutes` UInt32 COMMENT 'Minutes of the period that are left' CODEC(ZSTD(1)),
    `mean` Float64 COMMENT 'Mean so far at the reference oxygen, in the unit of the metric' CODEC(ZSTD(1)),
    `projected_mean` Float64 COMMENT 'Mean of the whole period if the rest is as the last five valid minutes were, in the unit of the metric' CODEC(ZSTD(1)),
    `allowed_mean` Float64 COMMENT 'Highest mean of the rest with which the period still complies, in the unit of the metric; below 0 where it is lost' CODEC(ZSTD(1)),
    `limit` Float64 COMMENT 'Highest mean of the period that complies, the confidence interval included, in the unit of the metric' CODEC(ZSTD(1)),
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic',
    `partition` Int32 COMMENT 'Partition of the source topic' CODEC(ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(`ts`)
PRIMARY KEY (`topology`, `site`, `asset`, `metric`, `rule`, `ts`)
ORDER BY (`topology`, `site`, `asset`, `metric`, `rule`, `ts`, `topic`, `partition`)
TTL `stored_at` + INTERVAL 10 YEAR
SETTINGS ttl_only_drop_parts = 1
COMMENT 'How the running hour or half-hour of each rule and stack will end: one row for each valid minute';

CREATE TABLE IF NOT EXISTS headrace_store.emitted_mass
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log' CODEC(ZSTD(1)),
    `rule` LowCardinality(String) COMMENT 'Name of the rule in the topology',
    `hour_start` DateTime64(3, 'UTC') COMMENT 'First moment of the hour, event time, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `site` LowCardinality(String) COMMENT 'Site of the stack',
    `asset` LowCardinality(String) COMMENT 'The stack',
    `metric` LowCardinality(String) COMMENT 'The pollutant; its unit is declared in the topology',
    `mass` Nullable(Float64) COMMENT 'Emitted mass, kg; NULL where nothing may stand in for what was not measured' CODEC(ZSTD(1)),
    `method` LowCardinality(String) COMMENT 'measured, stopped, max_180, max_720, max_2160 (largest of so many measured hours before) or none',
    `capture` Nullable(Float64) COMMENT 'Share of the quarter''s hours with the plant running that were measured when the row was made, from 0 to 1' CODEC(ZSTD(1)),
    `valid_minutes` UInt32 COMMENT 'Minutes with concentration and flow measured' CODEC(ZSTD(1)),
    `stopped_minutes` UInt32 COMMENT 'Minutes in which the plant did not run' CODEC(ZSTD(1)),
    `gap_hours` UInt32 COMMENT 'Length of the gap that the hour lies in, hours; 0 for an hour that was measured' CODEC(ZSTD(1)),
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic',
    `partition` Int32 COMMENT 'Partition of the source topic' CODEC(ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(`hour_start`)
PRIMARY KEY (`topology`, `site`, `asset`, `metric`, `rule`, `hour_start`)
ORDER BY (`topology`, `site`, `asset`, `metric`, `rule`, `hour_start`, `topic`, `partition`)
TTL `stored_at` + INTERVAL 10 YEAR
SETTINGS ttl_only_drop_parts = 1
COMMENT 'Emitted mass of each stack, hour by hour; a row for an hour that was not measured comes when the gap ends';

ALTER TABLE headrace_store.ledger
    ADD COLUMN IF NOT EXISTS `compliance_late` UInt64 DEFAULT 0 COMMENT 'Points that came too late for the minute of a rule' CODEC(Delta, ZSTD(1)) AFTER `points_duplicate`,
    ADD COLUMN IF NOT EXISTS `compliance` UInt64 DEFAULT 0 COMMENT 'Rows of compliance emitted' CODEC(Delta, ZSTD(1)) AFTER `anomalies`,
    ADD COLUMN IF NOT EXISTS `headroom` UInt64 DEFAULT 0 COMMENT 'Rows of headroom emitted' CODEC(Delta, ZSTD(1)) AFTER `compliance`,
    ADD COLUMN IF NOT EXISTS `emitted_mass` UInt64 DEFAULT 0 COMMENT 'Rows of emitted_mass emitted' CODEC(Delta, ZSTD(1)) AFTER `headroom`;
