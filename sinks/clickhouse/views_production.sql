-- Production: machines now, their stops, their orders.

CREATE OR REPLACE VIEW headrace.oee_now
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `line` LowCardinality(String) COMMENT 'Line of the machine; empty if it is in none',
    `asset` LowCardinality(String) COMMENT 'Machine',
    `state` LowCardinality(String) COMMENT 'State of the machine at `until`; empty if it is not known',
    `reason` LowCardinality(String) COMMENT 'Reason of the state, if one was given',
    `state_since` DateTime64(3, 'UTC') COMMENT 'When that state began, event time, UTC',
    `order` LowCardinality(String) COMMENT 'Number of the order at `until`; empty if none was told',
    `product` LowCardinality(String) COMMENT 'What is made; empty if no order was told',
    `until` DateTime64(3, 'UTC') COMMENT 'Up to where it is known, event time, UTC',
    `shift` LowCardinality(String) COMMENT 'Name of the shift; empty between shifts',
    `shift_start` DateTime64(3, 'UTC') COMMENT 'When the shift began, UTC',
    `planned_ms` Int64 COMMENT 'Planned busy time: production, setup, standby and down together, milliseconds',
    `production_ms` Int64 COMMENT 'Actual production time, milliseconds',
    `setup_ms` Int64 COMMENT 'Actual unit setup time, milliseconds',
    `standby_ms` Int64 COMMENT 'Ready and not working, in planned busy time, milliseconds',
    `down_ms` Int64 COMMENT 'Out of order, in planned busy time, milliseconds',
    `planned_stop_ms` Int64 COMMENT 'Time in which no work was planned, milliseconds',
    `unknown_ms` Int64 COMMENT 'Time in which the state was not known, milliseconds',
    `good` Int64 COMMENT 'Items within specification',
    `rejected` Int64 COMMENT 'Items that are not',
    `ideal_ms` Float64 COMMENT 'Planned run time per item x produced quantity, milliseconds',
    `target` Float64 COMMENT 'Items for which there was planned busy time, each at its planned run time',
    `micro_stops` Int64 COMMENT 'Micro-stops that ended here',
    `micro_stop_ms` Int64 COMMENT 'Planned busy time lost to them, milliseconds',
    `failures` Int64 COMMENT 'Failures that ended here',
    `availability` Nullable(Float64) COMMENT 'Actual production time / planned busy time, no unit; NULL where that is 0',
    `performance` Nullable(Float64) COMMENT 'Effectiveness: ideal_ms / actual production time with an order, no unit; NULL where that is 0',
    `quality` Nullable(Float64) COMMENT 'Good quantity / produced quantity, no unit; NULL where that is 0',
    `oee` Nullable(Float64) COMMENT 'Their product, no unit; 0 where planned busy time brought nothing'
)
AS SELECT
    `topology`, `site`, `line`, `asset`,
    argMax(`slice`.`state`, `place`) AS `state`, argMax(`slice`.`reason`, `place`) AS `reason`,
    argMax(`slice`.`state_since`, `place`) AS `state_since`,
    argMax(`slice`.`order`, `place`) AS `order`, argMax(`slice`.`product`, `place`) AS `product`,
    max(`window_end`) AS `until`, `shift`, `shift_start`,
    sum(`slice`.`planned_ms`) AS `planned_ms`,
    sum(`slice`.`production_ms`) AS `production_ms`,
    sum(`slice`.`setup_ms`) AS `setup_ms`,
    sum(`slice`.`standby_ms`) AS `standby_ms`,
    sum(`slice`.`down_ms`) AS `down_ms`,
    sum(`slice`.`planned_stop_ms`) AS `planned_stop_ms`,
    sum(`slice`.`unknown_ms`) AS `unknown_ms`,
    sum(`slice`.`good`) AS `good`,
    sum(`slice`.`rejected`) AS `rejected`,
    sum(`slice`.`ideal_ms`) AS `ideal_ms`,
    sum(ifNull(`slice`.`planned_ms` / `slice`.`ideal_cycle_ms`, 0)) AS `target`,
    sum(`slice`.`micro_stops`) AS `micro_stops`,
    sum(`slice`.`micro_stop_ms`) AS `micro_stop_ms`,
    sum(`slice`.`failures`) AS `failures`,
    `production_ms` / nullIf(`planned_ms`, 0) AS `availability`,
    `ideal_ms` / nullIf(sumIf(`slice`.`production_ms`, `slice`.`ideal_cycle_ms` IS NOT NULL), 0) AS `performance`,
    `good` / nullIf(`good` + `rejected`, 0) AS `quality`,
    if(`planned_ms` > 0 AND `good` + `rejected` = 0, 0, `availability` * `performance` * `quality`) AS `oee`
FROM
(
    -- Of the rows of a minute, the one of the newest order has the last id.
    SELECT *, (`window_start`, `partition`, length(`id`), `id`) AS `place`
    FROM headrace_store.oee FINAL
    WHERE `window_start` > now() - INTERVAL 2 DAY
) AS `slice`
GROUP BY `topology`, `site`, `line`, `asset`, `shift`, `shift_start`
ORDER BY `until` DESC
LIMIT 1 BY `topology`, `site`, `asset`
COMMENT 'Each machine that was heard of in two days: its state, and the OEE of its running shift so far';

CREATE OR REPLACE VIEW headrace.downtime_by_reason
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `line` LowCardinality(String) COMMENT 'Line of the machine; empty if it is in none',
    `asset` LowCardinality(String) COMMENT 'Machine',
    `day` Date COMMENT 'Local date on which the shift began: the production day',
    `shift` LowCardinality(String) COMMENT 'Shift in which the stops began; empty between shifts',
    `category` LowCardinality(String) COMMENT 'What the state counts as: setup, standby, down or planned',
    `state` LowCardinality(String) COMMENT 'The state',
    `reason` LowCardinality(String) COMMENT 'The last reason given; empty if none was',
    `stops` UInt64 COMMENT 'Stops that are over',
    `micro_stops` UInt64 COMMENT 'Those of them that are micro-stops',
    `duration_ms` Int64 COMMENT 'From beginning to end, milliseconds',
    `lost_ms` Int64 COMMENT 'Planned busy time in them, milliseconds'
)
AS SELECT
    `topology`, `site`, `line`, `asset`, toDate(`stop`.`day`) AS `day`, `shift`, `category`, `state`, `reason`,
    count() AS `stops`, countIf(`micro`) AS `micro_stops`,
    sum(`stop`.`duration_ms`) AS `duration_ms`, sum(`stop`.`lost_ms`) AS `lost_ms`
FROM headrace_store.stops AS `stop` FINAL
GROUP BY `topology`, `site`, `line`, `asset`, `day`, `shift`, `category`, `state`, `reason`
COMMENT 'How long machines stood, and why; a stop belongs to the shift in which it began';

CREATE OR REPLACE VIEW headrace.reliability
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `line` LowCardinality(String) COMMENT 'Line of the machine; empty if it is in none',
    `asset` LowCardinality(String) COMMENT 'Machine',
    `day` Date COMMENT 'Local date on which the shift began: the production day',
    `failures` Int64 COMMENT 'Failures that are over',
    `production_ms` Int64 COMMENT 'Actual production time, milliseconds',
    `repair_ms` Int64 COMMENT 'From beginning to end of the failures, milliseconds',
    `mtbf_ms` Nullable(Float64) COMMENT 'Mean operating time between failures: production_ms / failures, milliseconds; NULL without failures',
    `mttr_ms` Nullable(Float64) COMMENT 'Mean time to repair: repair_ms / failures, milliseconds; NULL without failures'
)
AS SELECT
    `topology`, `site`, `line`, `asset`, toDate(`both`.`day`) AS `day`, sum(`failed`) AS `failures`,
    sum(`both`.`production_ms`) AS `production_ms`, sum(`both`.`repair_ms`) AS `repair_ms`,
    `production_ms` / nullIf(`failures`, 0) AS `mtbf_ms`, `repair_ms` / nullIf(`failures`, 0) AS `mttr_ms`
FROM
(
    SELECT `topology`, `site`, `line`, `asset`, `day`, `production_ms`, 0 AS `repair_ms`, 0 AS `failed`
    FROM headrace_store.oee FINAL
    UNION ALL
    SELECT `topology`, `site`, `line`, `asset`, `day`, 0, `duration_ms`, 1
    FROM headrace_store.stops FINAL
    WHERE `failure`
) AS `both`
GROUP BY `topology`, `site`, `line`, `asset`, `day`
COMMENT 'How often machines failed and how long they took to repair; over several days, divide the sums';

CREATE OR REPLACE VIEW headrace.orders
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine',
    `order` LowCardinality(String) COMMENT 'Number of the order',
    `product` LowCardinality(String) COMMENT 'What is made',
    `began` DateTime64(3, 'UTC') COMMENT 'First minute in which the machine worked on it, event time, UTC',
    `until` DateTime64(3, 'UTC') COMMENT 'End of the last one so far, event time, UTC',
    `order_quantity` Int64 COMMENT 'Items that the order wants of this machine, as told last; 0 if that is not known',
    `good` Int64 COMMENT 'Items within specification',
    `rejected` Int64 COMMENT 'Items that are not',
    `remaining` Int64 COMMENT 'Good items still wanted; 0 if the quantity is not known',
    `worked_ms` Int64 COMMENT 'Time that the machine was on the order, breaks included, unknown time not, milliseconds',
    `rate` Nullable(Float64) COMMENT 'Good items per hour of that time, 1/h; NULL where that is 0',
    `target` Float64 COMMENT 'Items for which there was planned busy time, each at its planned run time',
    `expected_end` Nullable(DateTime64(3, 'UTC')) COMMENT 'When it will have all its items if it goes on at this rate from `until`, UTC; NULL if the quantity or the rate is not known, or if it is a century off'
)
AS SELECT
    `topology`, `site`, `asset`, `order`, `product`,
    min(`window_start`) AS `began`, max(`window_end`) AS `until`,
    argMax(`slice`.`order_quantity`, (`window_start`, `partition`, `offset`)) AS `order_quantity`,
    sum(`slice`.`good`) AS `good`, sum(`slice`.`rejected`) AS `rejected`,
    greatest(`order_quantity` - `good`, 0) AS `remaining`,
    sum(`planned_ms` + `planned_stop_ms`) AS `worked_ms`,
    `good` * 3600000 / nullIf(`worked_ms`, 0) AS `rate`,
    sum(ifNull(`planned_ms` / `ideal_cycle_ms`, 0)) AS `target`,
    if(
        `order_quantity` = 0 OR `remaining` / `rate` > 876600, NULL,
        addMilliseconds(`until`, toInt64(`remaining` * 3600000 / nullIf(`rate`, 0)))
    ) AS `expected_end`
FROM headrace_store.oee AS `slice` FINAL
WHERE `order` != ''
GROUP BY `topology`, `site`, `asset`, `order`, `product`
COMMENT 'Each order at each machine: what was made of it, how fast, and when it will be done';
