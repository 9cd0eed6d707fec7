-- Production. Sums can be added up, and ratios come of sums: that of a shift is never a mean of those of its minutes.
-- What was made without an order has no planned run time, so its production time is no part of the performance.

CREATE OR REPLACE VIEW headrace.oee_by_hour
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `line` LowCardinality(String) COMMENT 'Line of the machine; empty if it is in none',
    `asset` LowCardinality(String) COMMENT 'Machine',
    `hour` DateTime64(3, 'UTC') COMMENT 'First moment of the hour, event time, UTC',
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
    `topology`, `site`, `line`, `asset`, toDateTime64(toStartOfHour(`window_start`), 3, 'UTC') AS `hour`,
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
FROM headrace_store.oee AS `slice` FINAL
GROUP BY `topology`, `site`, `line`, `asset`, `hour`
COMMENT 'OEE of each machine by hour, with its inputs';

CREATE OR REPLACE VIEW headrace.oee_by_shift
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `line` LowCardinality(String) COMMENT 'Line of the machine; empty if it is in none',
    `asset` LowCardinality(String) COMMENT 'Machine',
    `day` Date COMMENT 'Local date on which the shift began: the production day',
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
    `topology`, `site`, `line`, `asset`, toDate(`slice`.`day`) AS `day`, `shift`, `shift_start`,
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
FROM headrace_store.oee AS `slice` FINAL
GROUP BY `topology`, `site`, `line`, `asset`, `day`, `shift`, `shift_start`
COMMENT 'OEE of each machine by shift, with its inputs';

CREATE OR REPLACE VIEW headrace.oee_by_day
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `line` LowCardinality(String) COMMENT 'Line of the machine; empty if it is in none',
    `asset` LowCardinality(String) COMMENT 'Machine',
    `day` Date COMMENT 'Local date on which the shift began: the production day',
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
    `topology`, `site`, `line`, `asset`, toDate(`slice`.`day`) AS `day`,
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
FROM headrace_store.oee AS `slice` FINAL
GROUP BY `topology`, `site`, `line`, `asset`, `day`
COMMENT 'OEE of each machine by production day, with its inputs';

CREATE OR REPLACE VIEW headrace.line_oee_by_shift
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `line` LowCardinality(String) COMMENT 'Line of the machine; empty if it is in none',
    `day` Date COMMENT 'Local date on which the shift began: the production day',
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
    `topology`, `site`, `line`, toDate(`slice`.`day`) AS `day`, `shift`, `shift_start`,
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
FROM headrace_store.oee AS `slice` FINAL
WHERE `line` != ''
GROUP BY `topology`, `site`, `line`, `day`, `shift`, `shift_start`
COMMENT 'OEE of each line by shift: its machines together, weighted by their times';

CREATE OR REPLACE VIEW headrace.line_oee_by_day
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `line` LowCardinality(String) COMMENT 'Line of the machine; empty if it is in none',
    `day` Date COMMENT 'Local date on which the shift began: the production day',
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
    `topology`, `site`, `line`, toDate(`slice`.`day`) AS `day`,
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
FROM headrace_store.oee AS `slice` FINAL
WHERE `line` != ''
GROUP BY `topology`, `site`, `line`, `day`
COMMENT 'OEE of each line by production day: its machines together, weighted by their times';
