-- Few rows, written by `headrace topology apply`; they are kept for ever, for what was paid long ago is asked for, too.
CREATE TABLE IF NOT EXISTS headrace_store.tariffs
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `tariff` LowCardinality(String) COMMENT 'Name of the tariff in the topology',
    `kind` LowCardinality(String) COMMENT 'energy, reagent, scrap, downtime or labour',
    `line` LowCardinality(String) COMMENT 'Line of the asset; empty if it is in none',
    `asset` LowCardinality(String) COMMENT 'Whose cost it is; empty for labour',
    `metric` LowCardinality(String) COMMENT 'What is metered; empty if nothing is',
    `window` LowCardinality(String) COMMENT 'The window whose aggregates are counted; empty if nothing is metered',
    `per_hour` Nullable(Float64) COMMENT 'Units per hour where the metric stands at 1; NULL where its values are amounts, which are added up',
    `product` LowCardinality(String) COMMENT 'Whose scrap it is; empty for that of every product that has no price of its own',
    `other_products` Array(LowCardinality(String)) COMMENT 'Those that have one',
    `shift` LowCardinality(String) COMMENT 'Whose people they are; empty unless it is labour',
    `people` Float64 COMMENT 'How many people the shift has; 0 unless it is labour',
    `start_minute` Int64 COMMENT 'From which minute of the local day the price holds, inclusive',
    `end_minute` Int64 COMMENT 'Until which minute of the local day it holds, exclusive',
    `utc_offset_minutes` Int64 COMMENT 'Local time against UTC, minutes, east positive',
    `unit` LowCardinality(String) COMMENT 'Unit of the quantity that is paid for: kWh, m3, l, kg, t, item or h',
    `price` Float64 COMMENT 'Price of a unit, in currency',
    `currency` LowCardinality(String) COMMENT 'Currency, as in ISO 4217',
    `valid_from` DateTime64(3, 'UTC') COMMENT 'From when it is valid, inclusive, UTC; 1970 if it is the first of its tariff',
    `valid_to` Nullable(DateTime64(3, 'UTC')) COMMENT 'Until when it was valid, exclusive, UTC; NULL while it is',
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second'
)
ENGINE = ReplacingMergeTree
ORDER BY (`topology`, `tariff`, `asset`, `metric`, `product`, `shift`, `start_minute`, `valid_from`)
COMMENT 'What things cost, from when until when, as topologies declare it';

CREATE TABLE IF NOT EXISTS headrace_store.baselines
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `site` LowCardinality(String) COMMENT 'Site of the topology',
    `currency` LowCardinality(String) COMMENT 'Currency, as in ISO 4217',
    `output` Array(LowCardinality(String)) COMMENT 'The assets whose good items are what the plant turns out',
    `hours_per_year` Float64 COMMENT 'Hours of operation in a year',
    `utc_offset_minutes` Int64 COMMENT 'Local time against UTC, minutes, east positive',
    `first_day` LowCardinality(String) COMMENT 'First day of the period that is compared with, local date; empty where figures are given',
    `last_day` LowCardinality(String) COMMENT 'Last day of it, local date; empty where figures are given',
    `money_per_good` Nullable(Float64) COMMENT 'Costs per good item that are compared with, in currency; NULL where a period is given',
    `good_per_hour` Nullable(Float64) COMMENT 'Good items per hour of operation that are compared with; NULL where a period is given',
    `valid_from` DateTime64(3, 'UTC') COMMENT 'From when it is valid, inclusive, UTC; 1970 if it is the first of the topology',
    `valid_to` Nullable(DateTime64(3, 'UTC')) COMMENT 'Until when it was valid, exclusive, UTC; NULL while it is: savings are against that one',
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second'
)
ENGINE = ReplacingMergeTree
ORDER BY (`topology`, `valid_from`)
COMMENT 'What costs and output of each topology are compared with';
