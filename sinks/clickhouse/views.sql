-- Views that answer a question of their own, over the tables. Columns are declared with their comments; what a question
-- counts as now is the server's clock.

CREATE OR REPLACE VIEW headrace.alarms_standing
(
    `alarm` String COMMENT 'Id of the alarm: what headrace alarm ack and shelve take',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine, stack or vehicle concerned',
    `metric` LowCardinality(String) COMMENT 'What was measured; its unit is declared in the topology',
    `name` LowCardinality(String) COMMENT 'Name of the alarm in the topology',
    `priority` LowCardinality(String) COMMENT 'low, medium, high or critical',
    `state` LowCardinality(String) COMMENT 'unacknowledged, acknowledged, returned_unacknowledged, shelved, suppressed or out_of_service',
    `active` UInt8 COMMENT '1 if the condition holds, else 0',
    `raised_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'Event time at which the condition last came on, UTC',
    `limit` Nullable(Float64) COMMENT 'The limit that it passed, in the unit of the metric',
    `transition` LowCardinality(String) COMMENT 'What happened last',
    `ts` DateTime64(3, 'UTC') COMMENT 'When that was, UTC',
    `by` LowCardinality(String) COMMENT 'Who brought it about, headrace if nobody',
    `reason` String COMMENT 'Why',
    `until` Nullable(DateTime64(3, 'UTC')) COMMENT 'When the shelf expires, UTC; NULL unless it is shelved',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `partition` Int32 COMMENT 'Partition of alarm.actions that the alarm lives in'
)
AS SELECT
    `alarm`, `site`, `asset`, `metric`, `name`, `priority`, `state`, `active`, `raised_at`, `limit`, `transition`, `ts`,
    `by`, `reason`, `until`, `topology`, `partition`
FROM
(
    -- Transitions of one record have ids that end in their position within it, in hexadecimal.
    SELECT * FROM headrace_store.alarms FINAL
    ORDER BY `offset` DESC, length(`id`) DESC, `id` DESC
    LIMIT 1 BY `topology`, `alarm`, `partition`
)
WHERE `state` != 'normal'
COMMENT 'Alarms that are not normal, each with its newest transition';

CREATE OR REPLACE VIEW headrace.alarm_kpis
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `site` LowCardinality(String) COMMENT 'Site of the assets',
    `alarms_per_hour` Float64 COMMENT 'Alarms raised in the last 24 hours of event time, 1/h',
    `standing` UInt64 COMMENT 'Alarms annunciated now: unacknowledged, acknowledged or returned_unacknowledged',
    `stale` UInt64 COMMENT 'Those of them whose condition has held for more than 24 hours',
    `chattering` UInt64 COMMENT 'Alarms raised three times or more within a minute, in the last 24 hours',
    `flood_share` Float64 COMMENT 'Share of the alarms of the last 24 hours that were raised in a flood, 0 to 1'
)
AS SELECT
    `topology`,
    `site`,
    sum(`raised`) / 24 AS `alarms_per_hour`,
    countIf(`stands`) AS `standing`,
    countIf(`stands` AND `holds` AND `old`) AS `stale`,
    countIf(arrayExists(i -> `times`[i + 2] - `times`[i] < 60000, range(1, greatest(`raised`, 2) - 1))) AS `chattering`,
    if(sum(`raised`) = 0, 0, sum(`flooded`) / sum(`raised`)) AS `flood_share`
FROM
(
    SELECT
        `topology`, `site`,
        arraySort(groupArrayIf(toUnixTimestamp64Milli(`ts`), `recent`)) AS `times`,
        length(`times`) AS `raised`,
        countIf(`recent` AND `flood`) AS `flooded`,
        argMax(`state` IN ('unacknowledged', 'acknowledged', 'returned_unacknowledged'), `place`) AS `stands`,
        argMax(`active`, `place`) AS `holds`,
        argMax(assumeNotNull(`raised_at`), `place`) < now() - INTERVAL 24 HOUR AS `old`
    FROM
    (
        SELECT
            *,
            `transition` = 'raised' AND `state` = 'unacknowledged' AND `ts` > now() - INTERVAL 24 HOUR AS `recent`,
            (`offset`, length(`id`), `id`) AS `place`
        FROM headrace_store.alarms FINAL
    )
    GROUP BY `topology`, `site`, `alarm`, `partition`
)
GROUP BY `topology`, `site`
COMMENT 'How the alarms of each site do, after ANSI/ISA-18.2: how many, for how long, how often in floods';

CREATE OR REPLACE VIEW headrace.incidents
(
    `incident` String COMMENT 'Id of the incident: all flags of an asset that come within ten minutes of one another',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine, stack or vehicle concerned',
    `began` DateTime64(3, 'UTC') COMMENT 'Event time of the first flag, UTC',
    `ended` DateTime64(3, 'UTC') COMMENT 'Event time of the last flag so far, UTC',
    `flags` UInt64 COMMENT 'Number of flags',
    `severity` LowCardinality(String) COMMENT 'The highest of its flags: info, warning or critical',
    `score` Float64 COMMENT 'The highest of its flags, 0 to 1, no unit',
    `metrics` Array(LowCardinality(String)) COMMENT 'What was flagged, each metric once',
    `detectors` Array(LowCardinality(String)) COMMENT 'What flagged it, each name once',
    `reason` String COMMENT 'That of the flag that began it',
    `topology` LowCardinality(String) COMMENT 'Name of the topology'
)
AS SELECT
    `incident`, `site`, `asset`, min(`flag`.`ts`) AS `began`, max(`flag`.`ts`) AS `ended`, count() AS `flags`,
    ['info', 'warning', 'critical'][max(indexOf(['info', 'warning', 'critical'], `flag`.`severity`))] AS `severity`,
    max(`flag`.`score`) AS `score`,
    arraySort(groupUniqArray(`flag`.`metric`)) AS `metrics`,
    arraySort(groupUniqArray(`flag`.`detector`)) AS `detectors`,
    argMin(`flag`.`reason`, (`flag`.`ts`, `flag`.`id`)) AS `reason`,
    `topology`
FROM headrace_store.anomalies AS `flag` FINAL
WHERE `incident` != ''
GROUP BY `topology`, `site`, `asset`, `incident`
COMMENT 'What people look at once: flags of an asset that belong together';

CREATE OR REPLACE VIEW headrace.detector_quality
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `detector` LowCardinality(String) COMMENT 'Name of the detector or rule in the topology',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine, stack or gateway whose series was flagged',
    `metric` LowCardinality(String) COMMENT 'What was measured; its unit is declared in the topology',
    `flags` UInt64 COMMENT 'Flags raised',
    `judged` UInt64 COMMENT 'Flags of which somebody has said whether they were right; what was said last counts',
    `true_flags` UInt64 COMMENT 'Flags that were right',
    `false_flags` UInt64 COMMENT 'Flags that were wrong',
    `expected_flags` UInt64 COMMENT 'Flags that were right, and nobody needed to be told',
    `precision` Nullable(Float64) COMMENT 'Share of the right ones among right and wrong ones, 0 to 1; NULL if there are none'
)
AS SELECT
    `topology`, `detector`, `site`, `asset`, `metric`,
    count() AS `flags`,
    countIf(`verdict` != '') AS `judged`,
    countIf(`verdict` = 'true') AS `true_flags`,
    countIf(`verdict` = 'false') AS `false_flags`,
    countIf(`verdict` = 'expected') AS `expected_flags`,
    if(`true_flags` + `false_flags` = 0, NULL, `true_flags` / (`true_flags` + `false_flags`)) AS `precision`
FROM headrace_store.anomalies AS `flag` FINAL
LEFT JOIN
(
    SELECT `topology`, `anomaly`, argMax(`verdict`, (`ts`, `partition`, `offset`)) AS `verdict`
    FROM headrace_store.feedback FINAL
    GROUP BY `topology`, `anomaly`
) AS `said` ON `said`.`topology` = `flag`.`topology` AND `said`.`anomaly` = `flag`.`id`
GROUP BY `topology`, `detector`, `site`, `asset`, `metric`
COMMENT 'How often each detector was right, as far as people have said';

CREATE OR REPLACE VIEW headrace.first_pass_yield
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine or inspection place',
    `product` LowCardinality(String) COMMENT 'What was inspected',
    `day` Date COMMENT 'Day of the inspections, event time, UTC',
    `inspected` Int64 COMMENT 'Number of items looked at',
    `passed` Int64 COMMENT 'Number of items that passed at once',
    `reworked` Int64 COMMENT 'Number of items that are good after rework',
    `scrapped` Int64 COMMENT 'Number of items that are neither',
    `first_pass_yield` Float64 COMMENT 'Share of the inspected items that passed at once, 0 to 1',
    `final_yield` Float64 COMMENT 'Share of the inspected items that are good, at once or after rework, 0 to 1'
)
AS SELECT
    `topology`, `site`, `asset`, `product`, toDate(`one`.`ts`) AS `day`,
    sum(`one`.`inspected`) AS `inspected`,
    sum(`one`.`passed`) AS `passed`,
    sum(`one`.`reworked`) AS `reworked`,
    sum(`one`.`scrapped`) AS `scrapped`,
    sum(`one`.`passed`) / sum(`one`.`inspected`) AS `first_pass_yield`,
    1 - sum(`one`.`scrapped`) / sum(`one`.`inspected`) AS `final_yield`
FROM headrace_store.inspections AS `one` FINAL
GROUP BY `topology`, `site`, `asset`, `product`, `day`
COMMENT 'How much is right at once: inspections by place, product and day';

CREATE OR REPLACE VIEW headrace.defect_pareto
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine or inspection place',
    `month` Date COMMENT 'First day of the month of the inspections, event time, UTC',
    `rank` UInt64 COMMENT 'Place by number, from 1',
    `defect` LowCardinality(String) COMMENT 'Kind of defect',
    `count` Int64 COMMENT 'How often it was found',
    `share` Float64 COMMENT 'Its share of all defects of the asset and month, 0 to 1',
    `cumulative_share` Float64 COMMENT 'Share of it and of all that are more frequent, 0 to 1'
)
AS SELECT
    `topology`, `site`, `asset`, `month`,
    row_number() OVER `ranked` AS `rank`,
    `defect`,
    `found` AS `count`,
    `found` / sum(`found`) OVER `all` AS `share`,
    sum(`found`) OVER `ranked` / sum(`found`) OVER `all` AS `cumulative_share`
FROM
(
    SELECT `topology`, `site`, `asset`, toStartOfMonth(`ts`) AS `month`, `defect`, sum(`count`) AS `found`
    FROM headrace_store.defects FINAL
    GROUP BY `topology`, `site`, `asset`, `month`, `defect`
)
WINDOW
    `all` AS (PARTITION BY `topology`, `site`, `asset`, `month`),
    `ranked` AS (
        PARTITION BY `topology`, `site`, `asset`, `month` ORDER BY `found` DESC, `defect`
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
COMMENT 'Which defects matter: by place and month, the most frequent first';

CREATE OR REPLACE VIEW headrace.capability_now
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine or inspection place',
    `product` LowCardinality(String) COMMENT 'What was made; empty if that was not said',
    `characteristic` LowCardinality(String) COMMENT 'What was measured',
    `unit` LowCardinality(String) COMMENT 'Unit of everything measured',
    `ts` DateTime64(3, 'UTC') COMMENT 'When it was last measured, event time, UTC',
    `mean` Float64 COMMENT 'Mean of the newest sample, in unit',
    `lower_spec` Nullable(Float64) COMMENT 'Lower specification limit, in unit; NULL if there is none',
    `upper_spec` Nullable(Float64) COMMENT 'Upper specification limit, in unit; NULL if there is none',
    `target` Nullable(Float64) COMMENT 'Nominal value, in unit; NULL if there is none',
    `capability_values` Int64 COMMENT 'Number of newest values that capability is taken over',
    `cp` Nullable(Float64) COMMENT 'Capability index Cp, spread within subgroups, no unit; NULL if it is not defined',
    `cpk` Nullable(Float64) COMMENT 'Capability index Cpk, spread within subgroups, no unit; NULL if it is not defined',
    `pp` Nullable(Float64) COMMENT 'Performance index Pp, overall spread, no unit; NULL if it is not defined',
    `ppk` Nullable(Float64) COMMENT 'Performance index Ppk, overall spread, no unit; NULL if it is not defined'
)
AS SELECT
    `topology`, `site`, `asset`, `product`, `characteristic`, `unit`, `ts`, `mean`, `lower_spec`, `upper_spec`, `target`,
    `capability_values`, `cp`, `cpk`, `pp`, `ppk`
FROM headrace_store.samples FINAL
WHERE `late` = 0 AND `unit` != ''
ORDER BY `ts` DESC, `offset` DESC
LIMIT 1 BY `topology`, `site`, `asset`, `product`, `characteristic`
COMMENT 'What each process can do now: declared characteristics, each with its newest sample';

CREATE OR REPLACE VIEW headrace.spc_signals
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine or inspection place',
    `product` LowCardinality(String) COMMENT 'What was made; empty if that was not said',
    `characteristic` LowCardinality(String) COMMENT 'What was measured',
    `unit` LowCardinality(String) COMMENT 'Unit of value and limits',
    `chart` LowCardinality(String) COMMENT 'Line of the chart',
    `ts` DateTime64(3, 'UTC') COMMENT 'When it was measured, event time, UTC',
    `value` Float64 COMMENT 'What is plotted, in unit',
    `centre` Nullable(Float64) COMMENT 'Centre line, in unit',
    `lower` Nullable(Float64) COMMENT 'Lower control limit, in unit; NULL if there is none',
    `upper` Nullable(Float64) COMMENT 'Upper control limit, in unit',
    `rule` LowCardinality(String) COMMENT 'A rule that is violated',
    `order` String COMMENT 'Number of the order; empty if that was not said',
    `item` String COMMENT 'Which item, or the first of them; empty if that was not said'
)
AS SELECT
    `topology`, `site`, `asset`, `product`, `characteristic`, `unit`, `chart`, `ts`, `value`, `centre`, `lower`, `upper`,
    arrayJoin(splitByChar(' ', `rules`)) AS `rule`, `order`, `item`
FROM headrace_store.spc FINAL
WHERE `rules` != ''
COMMENT 'Points at which a rule is violated, one row a rule, for as long as it is';

CREATE OR REPLACE VIEW headrace.pick_progress
(
    `order` String COMMENT 'Cutting order',
    `ts` DateTime64(3, 'UTC') COMMENT 'Event time of its newest pick list, UTC',
    `site` LowCardinality(String) COMMENT 'The factory',
    `asset` LowCardinality(String) COMMENT 'The store: a yard or a rack',
    `bin` LowCardinality(String) COMMENT 'Where the pieces are to be taken',
    `grade` LowCardinality(String) COMMENT 'Grade of the steel',
    `section` LowCardinality(String) COMMENT 'Section',
    `length_mm` Int64 COMMENT 'Length of a piece, mm',
    `heat` LowCardinality(String) COMMENT 'Heat number',
    `lines` UInt64 COMMENT 'Lines of the list for this bin',
    `pieces` Int64 COMMENT 'Pieces to be taken from the bin',
    `picked` Int64 COMMENT 'Pieces of them that have been picked since the list came',
    `open` Int64 COMMENT 'Pieces that are still to be picked',
    `topology` LowCardinality(String) COMMENT 'Name of the topology'
)
AS WITH `newest` AS
(
    SELECT `topology`, `site`, `asset`, `order`, max((`ts`, `partition`, `offset`)) AS `place`
    FROM headrace_store.pick_lists
    GROUP BY `topology`, `site`, `asset`, `order`
)
SELECT
    `wanted`.`order` AS `order`, `wanted`.`list_ts` AS `ts`, `wanted`.`site` AS `site`, `wanted`.`asset` AS `asset`,
    `wanted`.`bin` AS `bin`, `wanted`.`kind`.1 AS `grade`, `wanted`.`kind`.2 AS `section`,
    `wanted`.`kind`.3 AS `length_mm`, `wanted`.`kind`.4 AS `heat`, `wanted`.`lines` AS `lines`,
    `wanted`.`total` AS `pieces`, `taken`.`total` AS `picked`, `wanted`.`total` - `taken`.`total` AS `open`,
    `wanted`.`topology` AS `topology`
FROM
(
    SELECT
        `topology`, `site`, `asset`, `order`, `bin`, max(`ts`) AS `list_ts`, count() AS `lines`, sum(`pieces`) AS `total`,
        any((`grade`, `section`, `length_mm`, `heat`)) AS `kind`
    FROM headrace_store.pick_lists FINAL
    WHERE `pieces` > 0  -- the row of a list that cancels its order has none
        AND (`topology`, `site`, `asset`, `order`, (`ts`, `partition`, `offset`)) IN (SELECT * FROM `newest`)
    GROUP BY `topology`, `site`, `asset`, `order`, `bin`
) AS `wanted`
LEFT JOIN
(
    SELECT `topology`, `site`, `asset`, `order`, `bin`, sum(`counted`) AS `total`
    FROM headrace_store.picks AS `pick` FINAL
    INNER JOIN `newest` USING (`topology`, `site`, `asset`, `order`)
    WHERE `pick`.`partition` = `place`.2 AND `pick`.`offset` > `place`.3
    GROUP BY `topology`, `site`, `asset`, `order`, `bin`
) AS `taken` USING (`topology`, `site`, `asset`, `order`, `bin`)
COMMENT 'How far the newest pick list of each cutting order has been picked, bin by bin';

CREATE OR REPLACE VIEW headrace.picking
(
    `order` String COMMENT 'Cutting order',
    `ts` DateTime64(3, 'UTC') COMMENT 'Event time of its newest pick list, UTC',
    `site` LowCardinality(String) COMMENT 'The factory',
    `asset` LowCardinality(String) COMMENT 'The store: a yard or a rack',
    `lines` UInt64 COMMENT 'Lines of the list',
    `bins` UInt64 COMMENT 'Bins that it takes from',
    `pieces` Int64 COMMENT 'Pieces to be taken',
    `picked` Int64 COMMENT 'Pieces of them that have been picked since the list came',
    `open` Int64 COMMENT 'Pieces that are still to be picked',
    `wrong` UInt64 COMMENT 'Picks for the order that were wrong, whatever the list they were checked against',
    `cut_mm` Int64 COMMENT 'Length that the list cuts for the order, mm',
    `waste_mm` Int64 COMMENT 'Length that it loses, mm: kerfs and rests that are too short to use',
    `waste_share` Float64 COMMENT 'Share of the length used up that is lost, 0 to 1',
    `topology` LowCardinality(String) COMMENT 'Name of the topology'
)
AS SELECT
    `progress`.`order` AS `order`, max(`progress`.`ts`) AS `ts`, `progress`.`site` AS `site`,
    `progress`.`asset` AS `asset`, sum(`progress`.`lines`) AS `lines`, count() AS `bins`,
    sum(`progress`.`pieces`) AS `pieces`, sum(`progress`.`picked`) AS `picked`, sum(`progress`.`open`) AS `open`,
    any(`checked`.`wrong`) AS `wrong`, any(`list`.`cut`) AS `cut_mm`, any(`list`.`waste`) AS `waste_mm`,
    any(`list`.`waste`) / (any(`list`.`cut`) + any(`list`.`waste`)) AS `waste_share`,
    `progress`.`topology` AS `topology`
FROM headrace.pick_progress AS `progress`
INNER JOIN
(
    SELECT `topology`, `site`, `asset`, `order`, sum(`cut_mm`) AS `cut`, any(`waste_mm`) AS `waste`
    FROM headrace_store.pick_lists FINAL
    GROUP BY `topology`, `site`, `asset`, `order`, `ts`, `partition`, `offset`
    ORDER BY `ts` DESC, `partition` DESC, `offset` DESC
    LIMIT 1 BY `topology`, `site`, `asset`, `order`
) AS `list` USING (`topology`, `site`, `asset`, `order`)
LEFT JOIN
(
    SELECT `topology`, `site`, `asset`, `order`, countIf(`verdict` != 'right') AS `wrong`
    FROM headrace_store.picks FINAL
    GROUP BY `topology`, `site`, `asset`, `order`
) AS `checked` USING (`topology`, `site`, `asset`, `order`)
GROUP BY `topology`, `site`, `asset`, `order`
COMMENT 'Each cutting order: its newest pick list, how far it has been picked, what was wrong, what is lost';

CREATE OR REPLACE VIEW headrace.stock
(
    `site` LowCardinality(String) COMMENT 'The factory',
    `asset` LowCardinality(String) COMMENT 'The store: a yard or a rack',
    `bin` LowCardinality(String) COMMENT 'Which bin',
    `grade` LowCardinality(String) COMMENT 'Grade of the steel in it',
    `section` LowCardinality(String) COMMENT 'Section',
    `length_mm` Int64 COMMENT 'Length of a piece, mm',
    `heat` LowCardinality(String) COMMENT 'Heat number',
    `pieces` Int64 COMMENT 'Pieces in the bin',
    `metres` Float64 COMMENT 'Their length together, m',
    `reserved` Int64 COMMENT 'Pieces that pick lists are still to take from the bin',
    `free` Int64 COMMENT 'Pieces that no pick list wants, 0 if lists want more than there are',
    `ts` DateTime64(3, 'UTC') COMMENT 'Event time of the newest change, UTC',
    `topology` LowCardinality(String) COMMENT 'Name of the topology'
)
AS SELECT
    `level`.`site` AS `site`, `level`.`asset` AS `asset`, `level`.`bin` AS `bin`, `level`.`grade` AS `grade`,
    `level`.`section` AS `section`, `level`.`length_mm` AS `length_mm`, `level`.`heat` AS `heat`,
    `level`.`pieces` AS `pieces`, `level`.`pieces` * `level`.`length_mm` / 1000 AS `metres`,
    `wanted`.`open` AS `reserved`, greatest(`level`.`pieces` - `wanted`.`open`, 0) AS `free`, `level`.`ts` AS `ts`,
    `level`.`topology` AS `topology`
FROM
(
    -- Changes are added up in the order of the log, whatever their event times.
    SELECT * FROM headrace_store.stock_levels FINAL
    ORDER BY `offset` DESC
    LIMIT 1 BY `topology`, `site`, `asset`, `bin`
) AS `level`
LEFT JOIN
(
    SELECT `topology`, `site`, `asset`, `bin`, sum(`open`) AS `open`
    FROM headrace.pick_progress
    GROUP BY `topology`, `site`, `asset`, `bin`
) AS `wanted` USING (`topology`, `site`, `asset`, `bin`)
WHERE `level`.`pieces` > 0
COMMENT 'What lies in each bin now; empty bins are left out';

CREATE OR REPLACE VIEW headrace.queues
(
    `site` LowCardinality(String) COMMENT 'The factory',
    `asset` LowCardinality(String) COMMENT 'The store whose moves they are',
    `place` LowCardinality(String) COMMENT 'Where the items lie',
    `items` UInt64 COMMENT 'Items that lie there',
    `pieces` Int64 COMMENT 'Their pieces',
    `oldest` DateTime64(3, 'UTC') COMMENT 'When the one that has lain there longest arrived, UTC',
    `oldest_item` String COMMENT 'Which item that is',
    `waits_s` Float64 COMMENT 'For how long it has lain there by the clock of the server, seconds',
    `topology` LowCardinality(String) COMMENT 'Name of the topology'
)
AS SELECT
    `site`, `asset`, `destination` AS `place`, count() AS `items`, sum(`carried`) AS `pieces`,
    min(`arrived`) AS `oldest`, argMin(`item`, (`arrived`, `item`)) AS `oldest_item`,
    date_diff('millisecond', min(`arrived`), now64(3)) / 1000 AS `waits_s`, `topology`
FROM
(
    SELECT
        `topology`, `site`, `asset`, `item`, `destination`, `ts` AS `arrived`, `pieces` AS `carried`, `has_left`,
        max(`ts`) OVER (PARTITION BY `topology`, `site`, `asset`) AS `newest`
    FROM headrace_store.moves FINAL
    ORDER BY `ts` DESC, `offset` DESC
    LIMIT 1 BY `topology`, `site`, `asset`, `item`
)
WHERE NOT `has_left` AND `arrived` >= `newest` - INTERVAL 14 DAY
GROUP BY `topology`, `site`, `asset`, `destination`
COMMENT 'Items that wait at each place; one that has not moved for 14 days is not waited for any more';

CREATE OR REPLACE VIEW headrace.move_times
(
    `hour` DateTime('UTC') COMMENT 'Hour in which they arrived, event time, UTC',
    `site` LowCardinality(String) COMMENT 'The factory',
    `asset` LowCardinality(String) COMMENT 'The store whose moves they are',
    `source` LowCardinality(String) COMMENT 'Where from',
    `destination` LowCardinality(String) COMMENT 'Where to',
    `moves` UInt64 COMMENT 'Number of moves',
    `pieces` Int64 COMMENT 'Pieces carried',
    `mean_s` Float64 COMMENT 'Mean time from leaving to arriving, seconds',
    `p50_s` Float64 COMMENT 'Median of it, seconds',
    `p95_s` Float64 COMMENT '95th percentile of it, seconds',
    `topology` LowCardinality(String) COMMENT 'Name of the topology'
)
AS SELECT
    toStartOfHour(`ts`) AS `hour`, `site`, `asset`, `source`, `destination`, count() AS `moves`,
    sum(`move`.`pieces`) AS `pieces`, avg(`duration_ms`) / 1000 AS `mean_s`,
    quantileExactInclusive(0.5)(`duration_ms`) / 1000 AS `p50_s`,
    quantileExactInclusive(0.95)(`duration_ms`) / 1000 AS `p95_s`, `topology`
FROM headrace_store.moves AS `move` FINAL
GROUP BY `topology`, `site`, `asset`, `source`, `destination`, `hour`
COMMENT 'How long moves take, by route and hour';

CREATE OR REPLACE VIEW headrace.costs_per_hour
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `hour` DateTime('UTC') COMMENT 'Beginning of the hour, event time, UTC',
    `line` LowCardinality(String) COMMENT 'Line of the asset; empty if it is in none, and for labour',
    `asset` LowCardinality(String) COMMENT 'Whose cost it is; empty for labour',
    `kind` LowCardinality(String) COMMENT 'energy, reagent, scrap, downtime or labour',
    `tariff` LowCardinality(String) COMMENT 'Name of the tariff in the topology',
    `metric` LowCardinality(String) COMMENT 'What is metered; empty if nothing is',
    `product` LowCardinality(String) COMMENT 'Whose scrap it is; else empty',
    `shift` LowCardinality(String) COMMENT 'Whose people they are; else empty',
    `quantity` Float64 COMMENT 'How much there was, in unit',
    `unit` LowCardinality(String) COMMENT 'Unit of the quantity: kWh, m3, l, kg, t, item or h',
    `price` Float64 COMMENT 'Price of a unit at that time, in currency',
    `money` Float64 COMMENT 'quantity x price, in currency',
    `currency` LowCardinality(String) COMMENT 'Currency, as in ISO 4217'
)
AS SELECT
    `topology`, `site`, toDateTime(toStartOfHour(`local`) - INTERVAL `utc_offset_minutes` MINUTE, 'UTC') AS `hour`,
    `line`, `asset`, `kind`, `tariff`, `metric`, `product`, `shift`,
    sum(`amount`) AS `quantity`, `unit`, `price`, `quantity` * `price` AS `money`, `currency`
FROM
(
    -- What stands in a window counts for its whole length; what is an amount is added up.
    SELECT
        `price_of`.*, `window`.`window_start` AS `moment`,
        if(isNull(`per_hour`), `window`.`sum`, `window`.`mean` * `per_hour` * `window`.`window_ms` / 3600000) AS `amount`
    FROM (SELECT * FROM headrace_store.tariffs FINAL WHERE `kind` IN ('energy', 'reagent')) AS `price_of`
    INNER JOIN
    (
        SELECT `topology`, `site`, `asset`, `metric`, `window`, `window_start`, `window_ms`, `sum`, `mean`
        FROM headrace_store.aggregates FINAL
        WHERE (`topology`, `site`, `asset`, `metric`, `window`) IN
            (SELECT `topology`, `site`, `asset`, `metric`, `window` FROM headrace_store.tariffs)
    ) AS `window` USING (`topology`, `site`, `asset`, `metric`, `window`)
    UNION ALL
    SELECT `price_of`.* REPLACE (`made`.`product` AS `product`), `made`.`window_start`, toFloat64(`made`.`rejected`)
    FROM (SELECT * FROM headrace_store.tariffs FINAL WHERE `kind` = 'scrap') AS `price_of`
    INNER JOIN (SELECT * FROM headrace_store.oee FINAL WHERE `rejected` > 0) AS `made` USING (`topology`, `site`, `asset`)
    WHERE `price_of`.`product` IN ('', `made`.`product`)
        AND `made`.`window_start` >= `valid_from` AND (isNull(`valid_to`) OR `made`.`window_start` < `valid_to`)
    -- The price of the product itself comes before that of every other.
    ORDER BY `price_of`.`product` DESC LIMIT 1 BY `topology`, `made`.`id`, `tariff`
    UNION ALL
    SELECT `price_of`.*, `stood`.`window_start`, `stood`.`down_ms` / 3600000
    FROM (SELECT * FROM headrace_store.tariffs FINAL WHERE `kind` = 'downtime') AS `price_of`
    INNER JOIN (SELECT * FROM headrace_store.oee FINAL WHERE `down_ms` > 0) AS `stood` USING (`topology`, `site`, `asset`)
    UNION ALL
    -- People are there in every minute in which a machine is planned to be busy.
    SELECT `price_of`.*, `worked`.`window_start`, `people` / 60
    FROM (SELECT * FROM headrace_store.tariffs FINAL WHERE `kind` = 'labour') AS `price_of`
    INNER JOIN
    (
        SELECT DISTINCT `topology`, `site`, `shift`, `window_start` FROM headrace_store.oee FINAL WHERE `planned_ms` > 0
    ) AS `worked` USING (`topology`, `site`, `shift`)
)
ARRAY JOIN [`moment` + INTERVAL `utc_offset_minutes` MINUTE] AS `local`
WHERE `moment` >= `valid_from` AND (isNull(`valid_to`) OR `moment` < `valid_to`)
    AND toHour(`local`) * 60 + toMinute(`local`) >= `start_minute`
    AND toHour(`local`) * 60 + toMinute(`local`) < `end_minute`
GROUP BY
    `topology`, `site`, `hour`, `line`, `asset`, `kind`, `tariff`, `metric`, `product`, `shift`, `unit`, `price`,
    `currency`
COMMENT 'What each hour cost, by what was paid for, at the prices of that time';

CREATE OR REPLACE VIEW headrace.savings
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `site` LowCardinality(String) COMMENT 'Its site',
    `period` LowCardinality(String) COMMENT 'day or month',
    `start` Date COMMENT 'First day of the period, local date',
    `currency` LowCardinality(String) COMMENT 'Currency of all money, as in ISO 4217',
    `energy` Float64 COMMENT 'Costs of energy in the period, in currency',
    `reagent` Float64 COMMENT 'Costs of reagents in the period, in currency',
    `scrap` Float64 COMMENT 'Costs of scrap in the period, in currency',
    `downtime` Float64 COMMENT 'Costs of downtime in the period, in currency',
    `labour` Float64 COMMENT 'Costs of labour in the period, in currency',
    `money` Float64 COMMENT 'Their sum, in currency',
    `good` Int64 COMMENT 'Good items of the assets of the output in the period',
    `hours` Float64 COMMENT 'Hours of operation: minutes in which one of those assets was planned to be busy / 60',
    `money_per_good` Nullable(Float64) COMMENT 'money / good, in currency; NULL without good items',
    `good_per_hour` Nullable(Float64) COMMENT 'good / hours, 1/h; NULL without hours',
    `baseline_money` Nullable(Float64) COMMENT 'Costs of the baseline period, in currency; NULL where figures are given',
    `baseline_good` Nullable(Int64) COMMENT 'Good items of the baseline period; NULL where figures are given',
    `baseline_hours` Nullable(Float64) COMMENT 'Hours of operation of the baseline period; NULL where figures are given',
    `baseline_money_per_good` Nullable(Float64) COMMENT 'baseline_money / baseline_good, or the figure given, in currency',
    `baseline_good_per_hour` Nullable(Float64) COMMENT 'baseline_good / baseline_hours, or the figure given, 1/h',
    `saving_per_good` Nullable(Float64) COMMENT 'baseline_money_per_good - money_per_good, in currency',
    `saving` Nullable(Float64) COMMENT 'saving_per_good x good: what the period saved, in currency',
    `hours_per_year` Float64 COMMENT 'Hours of operation in a year, as declared',
    `saving_per_year` Nullable(Float64) COMMENT 'saving_per_good x good_per_hour x hours_per_year: what a year like the period saves, in currency',
    `capacity_change` Nullable(Float64) COMMENT 'good_per_hour - baseline_good_per_hour, 1/h',
    `capacity_change_share` Nullable(Float64) COMMENT 'capacity_change / baseline_good_per_hour, no unit: 0.3 is 30 % more'
)
AS SELECT
    `topology`, `site`, `span`.1 AS `period`, `span`.2 AS `start`, any(`currency`) AS `currency`,
    sum(`day_energy`) AS `energy`, sum(`day_reagent`) AS `reagent`, sum(`day_scrap`) AS `scrap`,
    sum(`day_downtime`) AS `downtime`, sum(`day_labour`) AS `labour`,
    `energy` + `reagent` + `scrap` + `downtime` + `labour` AS `money`,
    sum(`day_good`) AS `good`, sum(`day_minutes`) / 60 AS `hours`,
    `money` / nullIf(`good`, 0) AS `money_per_good`, `good` / nullIf(`hours`, 0) AS `good_per_hour`,
    if(any(`first_day`) = '', NULL, any(`then_money`)) AS `baseline_money`,
    if(any(`first_day`) = '', NULL, any(`then_good`)) AS `baseline_good`,
    if(any(`first_day`) = '', NULL, any(`then_minutes`) / 60) AS `baseline_hours`,
    coalesce(any(`given_money_per_good`), `baseline_money` / nullIf(`baseline_good`, 0)) AS `baseline_money_per_good`,
    coalesce(any(`given_good_per_hour`), `baseline_good` / nullIf(`baseline_hours`, 0)) AS `baseline_good_per_hour`,
    `baseline_money_per_good` - `money_per_good` AS `saving_per_good`,
    `saving_per_good` * `good` AS `saving`,
    any(`year`) AS `hours_per_year`,
    `saving_per_good` * `good_per_hour` * `hours_per_year` AS `saving_per_year`,
    `good_per_hour` - `baseline_good_per_hour` AS `capacity_change`,
    `capacity_change` / `baseline_good_per_hour` AS `capacity_change_share`
FROM
(
    SELECT
        *,
        `first_day` != '' AND toString(`day`) BETWEEN `first_day` AND `last_day` AS `then`,
        sumIf(`day_energy` + `day_reagent` + `day_scrap` + `day_downtime` + `day_labour`, `then`)
            OVER (PARTITION BY `topology`, `site`) AS `then_money`,
        sumIf(`day_good`, `then`) OVER (PARTITION BY `topology`, `site`) AS `then_good`,
        sumIf(`day_minutes`, `then`) OVER (PARTITION BY `topology`, `site`) AS `then_minutes`
    FROM
    (
        SELECT
            `topology`, `site`, `day`,
            sumIf(`cost`, `kind` = 'energy') AS `day_energy`, sumIf(`cost`, `kind` = 'reagent') AS `day_reagent`,
            sumIf(`cost`, `kind` = 'scrap') AS `day_scrap`, sumIf(`cost`, `kind` = 'downtime') AS `day_downtime`,
            sumIf(`cost`, `kind` = 'labour') AS `day_labour`,
            sum(`items`) AS `day_good`, uniqExactIf(`minute`, `busy`) AS `day_minutes`
        FROM
        (
            SELECT
                `topology`, `site`, toDate(`hour` + INTERVAL `utc_offset_minutes` MINUTE) AS `day`, `kind`,
                `money` AS `cost`, toInt64(0) AS `items`, toDateTime64(0, 3, 'UTC') AS `minute`, false AS `busy`
            FROM headrace.costs_per_hour
            INNER JOIN
            (
                SELECT `topology`, `site`, `utc_offset_minutes` FROM headrace_store.baselines FINAL WHERE isNull(`valid_to`)
            ) AS `valid` USING (`topology`, `site`)
            UNION ALL
            SELECT
                `topology`, `site`, toDate(`made`.`window_start` + INTERVAL `utc_offset_minutes` MINUTE) AS `day`,
                '' AS `kind`, toFloat64(0) AS `cost`, `made`.`good` AS `items`, `made`.`window_start`, `made`.`planned_ms` > 0
            FROM headrace_store.oee AS `made` FINAL
            INNER JOIN
            (
                SELECT `topology`, `site`, `utc_offset_minutes`, `output` FROM headrace_store.baselines FINAL
                WHERE isNull(`valid_to`)
            ) AS `valid` USING (`topology`, `site`)
            WHERE has(`valid`.`output`, `made`.`asset`)
        )
        GROUP BY `topology`, `site`, `day`
    ) AS `daily`
    INNER JOIN
    (
        SELECT
            `topology`, `site`, `currency`, `first_day`, `last_day`, `hours_per_year` AS `year`,
            `money_per_good` AS `given_money_per_good`, `good_per_hour` AS `given_good_per_hour`
        FROM headrace_store.baselines FINAL
        WHERE isNull(`valid_to`)
    ) AS `valid` USING (`topology`, `site`)
)
ARRAY JOIN [('day', `day`), ('month', toStartOfMonth(`day`))] AS `span`
GROUP BY `topology`, `site`, `span`
COMMENT 'What each day and month saved against the baseline, with everything that goes into it';
