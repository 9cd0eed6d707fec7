CREATE TABLE IF NOT EXISTS headrace_store.samples
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log' CODEC(ZSTD(1)),
    `ts` DateTime64(3, 'UTC') COMMENT 'When it was measured, event time, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine or inspection place that the sample belongs to',
    `product` LowCardinality(String) COMMENT 'What was made; empty if that was not said',
    `characteristic` LowCardinality(String) COMMENT 'What was measured',
    `unit` LowCardinality(String) COMMENT 'Unit of everything measured, as declared in the topology; empty if the characteristic is not declared',
    `order` String COMMENT 'Number of the order; empty if that was not said' CODEC(ZSTD(1)),
    `item` String COMMENT 'Which item, or the first of them; empty if that was not said' CODEC(ZSTD(1)),
    `n` Int64 COMMENT 'Number of values: size of the subgroup' CODEC(ZSTD(1)),
    `values` String COMMENT 'The values in the unit of the characteristic, joined with a blank' CODEC(ZSTD(1)),
    `mean` Float64 COMMENT 'Arithmetic mean of the values, in the unit of the characteristic' CODEC(ZSTD(1)),
    `minimum` Float64 COMMENT 'Smallest value, in the unit of the characteristic' CODEC(ZSTD(1)),
    `maximum` Float64 COMMENT 'Largest value, in the unit of the characteristic' CODEC(ZSTD(1)),
    `lower_spec` Nullable(Float64) COMMENT 'Lower specification limit, in the unit of the characteristic; NULL if there is none' CODEC(ZSTD(1)),
    `upper_spec` Nullable(Float64) COMMENT 'Upper specification limit, in the unit of the characteristic; NULL if there is none' CODEC(ZSTD(1)),
    `target` Nullable(Float64) COMMENT 'Nominal value, in the unit of the characteristic; NULL if there is none' CODEC(ZSTD(1)),
    `outside` Int64 COMMENT 'Number of values outside the specification limits' CODEC(ZSTD(1)),
    `late` UInt8 COMMENT '1 if a newer sample of the series came first: it is on no chart and in no capability; else 0' CODEC(ZSTD(1)),
    `capability_values` Int64 COMMENT 'Number of newest values that capability is taken over, those of this sample included' CODEC(ZSTD(1)),
    `cp` Nullable(Float64) COMMENT 'Capability index Cp, spread within subgroups, no unit; NULL if it is not defined' CODEC(ZSTD(1)),
    `cpk` Nullable(Float64) COMMENT 'Capability index Cpk, spread within subgroups, no unit; NULL if it is not defined' CODEC(ZSTD(1)),
    `pp` Nullable(Float64) COMMENT 'Performance index Pp, overall spread, no unit; NULL if it is not defined' CODEC(ZSTD(1)),
    `ppk` Nullable(Float64) COMMENT 'Performance index Ppk, overall spread, no unit; NULL if it is not defined' CODEC(ZSTD(1)),
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: quality.events',
    `partition` Int32 COMMENT 'Partition of the source topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the record in its partition' CODEC(Delta, ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(`ts`)
PRIMARY KEY (`topology`, `site`, `asset`, `product`, `characteristic`, `ts`)
ORDER BY (`topology`, `site`, `asset`, `product`, `characteristic`, `ts`, `topic`, `partition`, `offset`, `id`)
TTL `stored_at` + INTERVAL 10 YEAR
SETTINGS ttl_only_drop_parts = 1
COMMENT 'Samples as they came, each with the capability of its characteristic at that moment';

CREATE TABLE IF NOT EXISTS headrace_store.spc
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log' CODEC(ZSTD(1)),
    `ts` DateTime64(3, 'UTC') COMMENT 'When it was measured, event time, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine or inspection place that the chart belongs to',
    `product` LowCardinality(String) COMMENT 'What was made; empty if that was not said',
    `characteristic` LowCardinality(String) COMMENT 'What was measured; nonconforming for the share of items that did not pass inspection at once',
    `unit` LowCardinality(String) COMMENT 'Unit of value and limits: that of the characteristic, 1 for shares, sigma for cumulative sums',
    `chart` LowCardinality(String) COMMENT 'Line of the chart: xbar, range, individuals, moving_range, ewma, cusum_high, cusum_low or p',
    `n` Int64 COMMENT 'Number of values, or of items inspected, behind the point' CODEC(ZSTD(1)),
    `value` Float64 COMMENT 'What is plotted, in unit' CODEC(ZSTD(1)),
    `centre` Nullable(Float64) COMMENT 'Centre line, in unit; NULL while it is being learned' CODEC(ZSTD(1)),
    `lower` Nullable(Float64) COMMENT 'Lower control limit, in unit; NULL while it is being learned, and if there is none' CODEC(ZSTD(1)),
    `upper` Nullable(Float64) COMMENT 'Upper control limit, in unit; NULL while it is being learned' CODEC(ZSTD(1)),
    `phase` LowCardinality(String) COMMENT 'learning: the baseline is being learned and nothing is judged; monitoring: it is known',
    `rules` LowCardinality(String) COMMENT 'The rules that are violated at this point, joined with a blank; empty if none is',
    `order` String COMMENT 'Number of the order; empty if that was not said' CODEC(ZSTD(1)),
    `item` String COMMENT 'Which item, or the first of them; empty if that was not said' CODEC(ZSTD(1)),
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: quality.events',
    `partition` Int32 COMMENT 'Partition of the source topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the record that brought the point' CODEC(Delta, ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(`ts`)
PRIMARY KEY (`topology`, `site`, `asset`, `product`, `characteristic`, `chart`, `ts`)
ORDER BY (`topology`, `site`, `asset`, `product`, `characteristic`, `chart`, `ts`, `topic`, `partition`, `offset`, `id`)
TTL `stored_at` + INTERVAL 10 YEAR
SETTINGS ttl_only_drop_parts = 1
COMMENT 'Points of control charts, with limits and violated rules';

CREATE TABLE IF NOT EXISTS headrace_store.inspections
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log' CODEC(ZSTD(1)),
    `ts` DateTime64(3, 'UTC') COMMENT 'When it was inspected, event time, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine or inspection place',
    `product` LowCardinality(String) COMMENT 'What was inspected',
    `order` String COMMENT 'Number of the order; empty if that was not said' CODEC(ZSTD(1)),
    `item` String COMMENT 'Which item, or the lot; empty if that was not said' CODEC(ZSTD(1)),
    `inspected` Int64 COMMENT 'Number of items looked at' CODEC(ZSTD(1)),
    `passed` Int64 COMMENT 'Number of items that passed at once' CODEC(ZSTD(1)),
    `reworked` Int64 COMMENT 'Number of items that are good after rework' CODEC(ZSTD(1)),
    `scrapped` Int64 COMMENT 'Number of items that are neither' CODEC(ZSTD(1)),
    `late` UInt8 COMMENT '1 if a newer inspection of the product came first: it is not on the p chart; else 0' CODEC(ZSTD(1)),
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: quality.events',
    `partition` Int32 COMMENT 'Partition of the source topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the record in its partition' CODEC(Delta, ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(`ts`)
PRIMARY KEY (`topology`, `site`, `asset`, `product`, `ts`)
ORDER BY (`topology`, `site`, `asset`, `product`, `ts`, `topic`, `partition`, `offset`, `id`)
TTL `stored_at` + INTERVAL 10 YEAR
SETTINGS ttl_only_drop_parts = 1
COMMENT 'Inspections of items and lots';

CREATE TABLE IF NOT EXISTS headrace_store.defects
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log' CODEC(ZSTD(1)),
    `ts` DateTime64(3, 'UTC') COMMENT 'When it was inspected, event time, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine or inspection place',
    `product` LowCardinality(String) COMMENT 'What was inspected',
    `order` String COMMENT 'Number of the order; empty if that was not said' CODEC(ZSTD(1)),
    `item` String COMMENT 'Which item, or the lot; empty if that was not said' CODEC(ZSTD(1)),
    `defect` LowCardinality(String) COMMENT 'Kind of defect',
    `count` Int64 COMMENT 'How often the inspection found it' CODEC(ZSTD(1)),
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: quality.events',
    `partition` Int32 COMMENT 'Partition of the source topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the record in its partition' CODEC(Delta, ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(`ts`)
PRIMARY KEY (`topology`, `site`, `asset`, `product`, `defect`, `ts`)
ORDER BY (`topology`, `site`, `asset`, `product`, `defect`, `ts`, `topic`, `partition`, `offset`, `id`)
TTL `stored_at` + INTERVAL 10 YEAR
SETTINGS ttl_only_drop_parts = 1
COMMENT 'Defects that inspections found, one row a kind';
