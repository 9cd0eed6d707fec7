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
