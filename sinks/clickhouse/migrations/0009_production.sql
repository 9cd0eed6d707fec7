CREATE TABLE IF NOT EXISTS headrace_store.oee
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log' CODEC(ZSTD(1)),
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine',
    `window_start` DateTime64(3, 'UTC') COMMENT 'First moment of the minute, inclusive, event time, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `window_end` DateTime64(3, 'UTC') COMMENT 'End of the minute, exclusive, event time, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `line` LowCardinality(String) COMMENT 'Line of the machine; empty if it is in none',
    `shift` LowCardinality(String) COMMENT 'Name of the shift; empty between shifts',
    `shift_start` DateTime64(3, 'UTC') COMMENT 'When the shift began, UTC; between shifts, when the pause between them did, or the day' CODEC(DoubleDelta, ZSTD(1)),
    `day` LowCardinality(String) COMMENT 'Local date on which the shift began, such as 2026-11-27: the production day',
    `order` LowCardinality(String) COMMENT 'Number of the order; empty if none was told',
    `product` LowCardinality(String) COMMENT 'What is made; empty if no order was told',
    `state` LowCardinality(String) COMMENT 'State at the end; empty if it is not known',
    `reason` LowCardinality(String) COMMENT 'Reason of the state, if one was given',
    `state_since` DateTime64(3, 'UTC') COMMENT 'When that state began, event time, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `planned_ms` Int64 COMMENT 'Planned busy time: production, setup, standby and down together, milliseconds' CODEC(ZSTD(1)),
    `production_ms` Int64 COMMENT 'Actual production time, milliseconds' CODEC(ZSTD(1)),
    `setup_ms` Int64 COMMENT 'Actual unit setup time, milliseconds' CODEC(ZSTD(1)),
    `standby_ms` Int64 COMMENT 'Ready and not working, in planned busy time, milliseconds' CODEC(ZSTD(1)),
    `down_ms` Int64 COMMENT 'Out of order, in planned busy time, milliseconds' CODEC(ZSTD(1)),
    `planned_stop_ms` Int64 COMMENT 'Time in which no work was planned: breaks, between shifts, states of category planned, milliseconds' CODEC(ZSTD(1)),
    `unknown_ms` Int64 COMMENT 'Time in which the state was not known; no planned busy time, milliseconds' CODEC(ZSTD(1)),
    `good` Int64 COMMENT 'Items within specification' CODEC(ZSTD(1)),
    `rejected` Int64 COMMENT 'Items that are not' CODEC(ZSTD(1)),
    `ideal_ms` Float64 COMMENT 'Planned run time per item x produced quantity, milliseconds' CODEC(ZSTD(1)),
    `ideal_cycle_ms` Nullable(Float64) COMMENT 'Planned run time per item, milliseconds; NULL without an order' CODEC(ZSTD(1)),
    `order_quantity` Int64 COMMENT 'Items that the order wants of this machine; 0 if that is not known' CODEC(ZSTD(1)),
    `micro_stops` Int64 COMMENT 'Micro-stops that ended here' CODEC(ZSTD(1)),
    `micro_stop_ms` Int64 COMMENT 'Planned busy time lost to them, milliseconds' CODEC(ZSTD(1)),
    `failures` Int64 COMMENT 'Failures that ended here' CODEC(ZSTD(1)),
    `availability` Nullable(Float64) COMMENT 'Actual production time / planned busy time, no unit; NULL where that is 0' CODEC(ZSTD(1)),
    `performance` Nullable(Float64) COMMENT 'Effectiveness: planned run time per item x produced quantity / actual production time, no unit; NULL where that is 0 or there is no order' CODEC(ZSTD(1)),
    `quality` Nullable(Float64) COMMENT 'Good quantity / produced quantity, no unit; NULL where that is 0' CODEC(ZSTD(1)),
    `oee` Nullable(Float64) COMMENT 'Availability x performance x quality, no unit; 0 where planned busy time brought nothing, NULL where one of them is not known' CODEC(ZSTD(1)),
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic',
    `partition` Int32 COMMENT 'Partition of the source topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the record that closed the minute' CODEC(Delta, ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(`window_start`)
ORDER BY (`topology`, `site`, `asset`, `window_start`, `partition`, `id`)
TTL `stored_at` + INTERVAL 10 YEAR
SETTINGS ttl_only_drop_parts = 1
COMMENT 'What each machine did in each minute, for each order: inputs and results of OEE after ISO 22400';

CREATE TABLE IF NOT EXISTS headrace_store.stops
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log' CODEC(ZSTD(1)),
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine',
    `ts` DateTime64(3, 'UTC') COMMENT 'When it began, event time, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `end` DateTime64(3, 'UTC') COMMENT 'When it was over, event time, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `duration_ms` Int64 COMMENT 'From beginning to end, milliseconds' CODEC(ZSTD(1)),
    `lost_ms` Int64 COMMENT 'Planned busy time in it: without breaks and time between shifts, milliseconds' CODEC(ZSTD(1)),
    `line` LowCardinality(String) COMMENT 'Line of the machine; empty if it is in none',
    `state` LowCardinality(String) COMMENT 'The state',
    `reason` LowCardinality(String) COMMENT 'The last reason given while it lasted; empty if none was',
    `category` LowCardinality(String) COMMENT 'What the state counts as: setup, standby, down or planned',
    `micro` UInt8 COMMENT '1 if it is a standby or down shorter than micro_stop, else 0' CODEC(ZSTD(1)),
    `failure` UInt8 COMMENT '1 if it is a down that is not micro, else 0' CODEC(ZSTD(1)),
    `silent` UInt8 COMMENT '1 if it ends where the machine fell silent, so that it may have lasted longer, else 0' CODEC(ZSTD(1)),
    `shift` LowCardinality(String) COMMENT 'Shift in which it began; empty between shifts',
    `shift_start` DateTime64(3, 'UTC') COMMENT 'When that shift began, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `day` LowCardinality(String) COMMENT 'Local date on which that shift began, such as 2026-11-27',
    `order` LowCardinality(String) COMMENT 'Number of the order when it began; empty if none was told',
    `product` LowCardinality(String) COMMENT 'What was made; empty if no order was told',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic',
    `partition` Int32 COMMENT 'Partition of the source topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the record that ended it' CODEC(Delta, ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(`ts`)
ORDER BY (`topology`, `site`, `asset`, `ts`, `partition`, `id`)
TTL `stored_at` + INTERVAL 10 YEAR
SETTINGS ttl_only_drop_parts = 1
COMMENT 'Stops of machines that are over: how long each was, and why';
