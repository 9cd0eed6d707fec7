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
WHERE `capability_values` > 0 AND `ts` > now() - INTERVAL 30 DAY
ORDER BY `ts` DESC, `offset` DESC
LIMIT 1 BY `topology`, `site`, `asset`, `product`, `characteristic`
COMMENT 'What each process can do now: declared characteristics, each with its newest sample of the last 30 days';

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
