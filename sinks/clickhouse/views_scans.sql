-- What codes and scans tell: warranties, dwell, the channel, and the scorecard of each enterprise. Months are of UTC.
--
-- Everything of an enterprise follows from what was captured under its own prefix. Columns by which rows are asked for are
-- columns that rows are grouped by, so that a predicate on enterprise and month reaches the tables.

CREATE OR REPLACE VIEW headrace.item_events
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `enterprise` LowCardinality(String) COMMENT 'Prefix of the enterprise',
    `month` Date COMMENT 'First day of the month, UTC',
    `product` String COMMENT 'What the item is: 88.118.8/TP-1001, or 01/ and a GTIN; empty if its name does not say',
    `item` String COMMENT 'Which: the text of a code, the path of a GS1 Digital Link, or another URI',
    `ts` DateTime64(3, 'UTC') COMMENT 'When it happened, UTC',
    `event` String COMMENT 'Hash of the event',
    `action` LowCardinality(String) COMMENT 'ADD, OBSERVE or DELETE; empty for transformations',
    `biz_step` LowCardinality(String) COMMENT 'What was done: a word of the Core Business Vocabulary, or a URI',
    `disposition` LowCardinality(String) COMMENT 'Condition of the item afterwards, likewise',
    `place` LowCardinality(String) COMMENT 'Where it was seen, a URI: the read point, or else the business location',
    `location` LowCardinality(String) COMMENT 'Where it is afterwards, a URI; empty if not said',
    `receiver` LowCardinality(String) COMMENT 'Who it goes to; empty if not said',
    `due` Nullable(DateTime64(3, 'UTC')) COMMENT 'When it is to be received, UTC; NULL if not said'
)
AS SELECT
    `topology`, `enterprise`, `month`,
    multiIf(
        startsWith(`item`, '01/'), substring(`item`, 1, 17),
        match(`item`, '^[0-9.]+/[^/:]+/[0-9A-Z]{20}$'), substring(`item`, 1, length(`item`) - 21), '') AS `product`,
    `item`, `happened` AS `ts`, `event`, `act` AS `action`, `step` AS `biz_step`, `condition` AS `disposition`,
    `where` AS `place`, `after` AS `location`, `to` AS `receiver`, `until` AS `due`
FROM
(
    SELECT
        `topology`, `enterprise`, toStartOfMonth(`ts`) AS `month`, `event`, any(`ts`) AS `happened`, any(`action`) AS `act`,
        any(`biz_step`) AS `step`, any(`disposition`) AS `condition`,
        any(if(`read_point` = '', `biz_location`, `read_point`)) AS `where`, any(`biz_location`) AS `after`,
        any(`receiver`) AS `to`, any(`due`) AS `until`, any(`items`) AS `named`
    FROM headrace_store.trace_events FINAL
    GROUP BY `topology`, `enterprise`, `month`, `event`
    HAVING countIf(isNotNull(`error_at`)) = 0
)
ARRAY JOIN JSONExtract(`named`, 'Array(String)') AS `item`
COMMENT 'What happened to each item: every event that counts, once, without those that were declared wrong';

CREATE OR REPLACE VIEW headrace.warranties
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `enterprise` LowCardinality(String) COMMENT 'Prefix of the enterprise',
    `item` String COMMENT 'Which: the text of a code, the path of a GS1 Digital Link, or another URI',
    `start` DateTime64(3, 'UTC') COMMENT 'When its warranty starts: its first sale, or its first scan if that was before or there was no sale, UTC',
    `by` LowCardinality(String) COMMENT 'What started it: sale or scan',
    `source` String COMMENT 'Hash of that event, or id of that scan'
)
AS SELECT `topology`, `enterprise`, `item`, min(`began`).1 AS `start`, min(`began`).2 AS `by`, min(`began`).3 AS `source`
FROM
(
    SELECT `topology`, `enterprise`, `item`, tuple(any(`ts`), 'sale', `event`) AS `began`
    FROM headrace_store.trace_items FINAL
    WHERE (`biz_step` = 'retail_selling' OR `disposition` = 'retail_sold') AND isNull(`quantity`) AND `uom` = ''
    GROUP BY `topology`, `enterprise`, `item`, `event`
    HAVING max(`error`) = 0
    UNION ALL
    SELECT `topology`, `enterprise`, `item`, tuple(`ts`, 'scan', `id`)
    FROM headrace_store.code_scans FINAL
    WHERE `found` = 'genuine'
)
GROUP BY `topology`, `enterprise`, `item`
COMMENT 'From when on the warranty of an item counts';

CREATE OR REPLACE VIEW headrace.dwell
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `enterprise` LowCardinality(String) COMMENT 'Prefix of the enterprise',
    `month` Date COMMENT 'First day of the month in which the stays ended, UTC',
    `product` String COMMENT 'What the items are; empty if their names do not say',
    `stage` LowCardinality(String) COMMENT 'Step that the stays began with; empty if the event named none',
    `place` LowCardinality(String) COMMENT 'Where, a URI; empty if the event named none',
    `stays` UInt64 COMMENT 'Number of stays: from one event of an item to its next one',
    `median_s` Float64 COMMENT 'Median of their times, seconds',
    `p90_s` Float64 COMMENT '90th percentile of their times, seconds'
)
AS SELECT
    `topology`, `enterprise`, toStartOfMonth(`next`) AS `month`, `product`, `stage`, `place`, count() AS `stays`,
    quantileExactInclusive(0.5)(`stay`) / 1000 AS `median_s`, quantileExactInclusive(0.9)(`stay`) / 1000 AS `p90_s`
FROM
(
    SELECT
        `topology`, `enterprise`, `product`, `biz_step` AS `stage`, `place`,
        leadInFrame(toNullable(`ts`)) OVER `life` AS `next`, toUnixTimestamp64Milli(`next`) - toUnixTimestamp64Milli(`ts`) AS `stay`
    FROM headrace.item_events
    WINDOW `life` AS (
        PARTITION BY `topology`, `enterprise`, `product`, `item` ORDER BY `ts`, `event`
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    )
)
WHERE isNotNull(`next`)
GROUP BY `topology`, `enterprise`, `month`, `product`, `stage`, `place`
COMMENT 'How long items stay at each stage and place. Reads all events of the enterprise';

CREATE OR REPLACE VIEW headrace.channel_stock
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `enterprise` LowCardinality(String) COMMENT 'Prefix of the enterprise',
    `product` String COMMENT 'What the items are; empty if their names do not say',
    `holder` String COMMENT 'Where received items were received; who shipped ones go to; empty if not said',
    `state` LowCardinality(String) COMMENT 'shipped or received',
    `items` UInt64 COMMENT 'Items that were shipped and since then neither sold, returned, voided in shipping nor taken out of use',
    `oldest` DateTime64(3, 'UTC') COMMENT 'Since when the first of them is there, UTC'
)
AS SELECT `topology`, `enterprise`, `product`, `newest`.4 AS `holder`, `newest`.3 AS `state`, count() AS `items`, min(`newest`.1) AS `oldest`
FROM
(
    SELECT
        `topology`, `enterprise`, `product`, `item`, countIf(`what` = 'shipped') AS `shipments`,
        max(tuple(`ts`, `event`, `what`, multiIf(`what` = 'shipped', `receiver`, `location` != '', `location`, `place`))) AS `newest`
    FROM
    (
        SELECT
            *,
            multiIf(
                `biz_step` = 'retail_selling' OR `disposition` IN ('retail_sold', 'returned', 'destroyed', 'disposed'), 'gone',
                `biz_step` IN ('void_shipping', 'destroying', 'decommissioning', 'killing'), 'gone',
                `biz_step` = 'shipping', 'shipped',
                `biz_step` = 'receiving', 'received', '') AS `what`
        FROM headrace.item_events
    )
    WHERE `what` != ''
    GROUP BY `topology`, `enterprise`, `product`, `item`
)
WHERE `shipments` > 0 AND `newest`.3 != 'gone'
GROUP BY `topology`, `enterprise`, `product`, `holder`, `state`
COMMENT 'What is in the channel: shipped, and not sold. Reads all events of the enterprise';

CREATE OR REPLACE VIEW headrace.scorecard_events
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `enterprise` LowCardinality(String) COMMENT 'Prefix of the enterprise',
    `month` Date COMMENT 'First day of the month that it counts in, UTC; for received and delayed the month of shipping',
    `figure` LowCardinality(String) COMMENT 'commissioned, shipped, received, delayed, sold, returned, scan or anomaly',
    `event` String COMMENT 'Hash of the event; id of the scan, or of the flag in anomalies',
    `item` String COMMENT 'Which item; empty for anomalies',
    `product` String COMMENT 'What the item is; empty if its name does not say, and for anomalies',
    `ts` DateTime64(3, 'UTC') COMMENT 'When it happened, UTC',
    `receiver` LowCardinality(String) COMMENT 'Who a shipped, received or delayed item goes to; empty if not said, and for all else',
    `hours` Nullable(Float64) COMMENT 'From shipping to receiving, hours; NULL for all but received and delayed'
)
AS SELECT
    `topology`, `enterprise`, `month`, `counted`.1 AS `figure`, `counted`.2 AS `event`, `item`, `product`,
    `counted`.3 AS `ts`, if(`figure` IN ('shipped', 'received', 'delayed'), `to`, '') AS `receiver`, `counted`.4 AS `hours`
FROM
(
    SELECT
        `topology`, `enterprise`, `month`, `item`, `product`, `own`.1 AS `at`, `own`.2 AS `hash`, `own`.3 AS `step`,
        `own`.4 AS `condition`, `own`.5 AS `act`, `own`.6 AS `to`, coalesce(`own`.7, `at` + INTERVAL 7 DAY) AS `until`,
        -- What a shipped item went through next, in the month of shipping and the two after it.
        if(`step` = 'shipping', arrayFirst(one -> one.1 > `at`, `ways`), tuple(`at`, '', '')) AS `next`,
        (toUnixTimestamp64Milli(`next`.1) - toUnixTimestamp64Milli(`at`)) / 3600000 AS `transit`,
        arrayFilter(one -> one.1 != '', [
            tuple(if(`step` = 'commissioning' AND `act` != 'DELETE', 'commissioned', ''), `hash`, `at`, NULL),
            tuple(if(`step` = 'shipping' AND `next`.2 != 'void_shipping', 'shipped', ''), `hash`, `at`, NULL),
            tuple(if(`next`.2 = 'receiving', 'received', ''), `next`.3, `next`.1, `transit`),
            tuple(if(`next`.2 = 'receiving' AND `next`.1 > `until`, 'delayed', ''), `next`.3, `next`.1, `transit`),
            tuple(if(`step` = 'retail_selling' OR (`condition` = 'retail_sold' AND `step` = ''), 'sold', ''), `hash`, `at`, NULL),
            tuple(if(`condition` = 'returned', 'returned', ''), `hash`, `at`, NULL)
        ]) AS `all_counted`
    FROM
    (
        SELECT
            `topology`, `enterprise`, `month`, `item`, `product`,
            groupArrayIf(
                tuple(`ts`, `event`, `biz_step`, `disposition`, `action`, `receiver`, `due`), `later` = 0) AS `all_own`,
            arraySort(groupArrayIf(
                tuple(`ts`, toString(`biz_step`), `event`),
                `biz_step` IN ('shipping', 'receiving', 'void_shipping'))) AS `ways`
        FROM
        (
            SELECT *, 0 AS `later` FROM headrace.item_events
            UNION ALL
            SELECT * REPLACE (`month` - INTERVAL 1 MONTH AS `month`), 1 FROM headrace.item_events
            WHERE `biz_step` IN ('shipping', 'receiving', 'void_shipping')
            UNION ALL
            SELECT * REPLACE (`month` - INTERVAL 2 MONTH AS `month`), 2 FROM headrace.item_events
            WHERE `biz_step` IN ('shipping', 'receiving', 'void_shipping')
        )
        GROUP BY `topology`, `enterprise`, `month`, `item`, `product`
    )
    ARRAY JOIN `all_own` AS `own`
)
ARRAY JOIN `all_counted` AS `counted`
UNION ALL
SELECT `topology`, `enterprise`, toStartOfMonth(`ts`) AS `month`, 'scan', `id`, `item`, `product`, `ts`, '', NULL
FROM headrace_store.code_scans FINAL
UNION ALL
SELECT `topology`, `site` AS `enterprise`, toStartOfMonth(`ts`) AS `month`, 'anomaly', `id`, '', '', `ts`, '', NULL
FROM headrace_store.anomalies FINAL
WHERE `topic` = 'trace.events'
COMMENT 'What every figure of the scorecard counts: the events, and their items';

CREATE OR REPLACE VIEW headrace.sell_through
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `enterprise` LowCardinality(String) COMMENT 'Prefix of the enterprise',
    `month` Date COMMENT 'First day of the month, UTC',
    `product` String COMMENT 'What the items are; empty if their names do not say',
    `shipped` UInt64 COMMENT 'Items shipped in the month',
    `sold` UInt64 COMMENT 'Items sold in the month',
    `ratio` Nullable(Float64) COMMENT 'sold / shipped, no unit; NULL if nothing was shipped'
)
AS SELECT
    `topology`, `enterprise`, `month`, `product`, uniqExactIf(`item`, `figure` = 'shipped') AS `shipped`,
    uniqExactIf(`item`, `figure` = 'sold') AS `sold`, `sold` / nullIf(`shipped`, 0) AS `ratio`
FROM headrace.scorecard_events
GROUP BY `topology`, `enterprise`, `month`, `product`
HAVING `shipped` > 0 OR `sold` > 0
COMMENT 'How much of what is shipped is sold, by product and month';

CREATE OR REPLACE VIEW headrace.scorecard
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `enterprise` LowCardinality(String) COMMENT 'Prefix of the enterprise',
    `month` Date COMMENT 'First day of the month, UTC',
    `commissioned` UInt64 COMMENT 'Different items commissioned in the month',
    `shipped` UInt64 COMMENT 'Different items shipped in the month',
    `sold` UInt64 COMMENT 'Different items sold in the month',
    `returned` UInt64 COMMENT 'Different items returned in the month',
    `commissioned_growth` Nullable(Float64) COMMENT 'commissioned against the month before, no unit: 0.1 is 10 % more; NULL if that had none',
    `shipped_growth` Nullable(Float64) COMMENT 'shipped against the month before, likewise',
    `sold_growth` Nullable(Float64) COMMENT 'sold against the month before, likewise',
    `return_share` Nullable(Float64) COMMENT 'returned / sold, no unit; NULL if nothing was sold',
    `received` UInt64 COMMENT 'Different items shipped in the month that were received, by the end of the second month after it',
    `delayed` UInt64 COMMENT 'Different items of these that were received after they were due, or where that was not said, after 7 days',
    `delayed_share` Nullable(Float64) COMMENT 'delayed / received, no unit; NULL if nothing was received',
    `mean_transit_h` Nullable(Float64) COMMENT 'Mean time from shipping to receiving of what was received, hours; NULL if nothing was',
    `receivers` UInt64 COMMENT 'Different receivers of what was shipped',
    `largest_receiver` String COMMENT 'The receiver of the most items; the first in the alphabet among equals; empty if no receiver was named',
    `largest_share` Nullable(Float64) COMMENT 'Its share in the items of all receivers that were named, no unit; NULL if none was',
    `hhi` Nullable(Float64) COMMENT 'Herfindahl-Hirschman index: sum of the squared shares of the receivers, up to 1 (a single one), no unit; NULL if none was named',
    `scans` UInt64 COMMENT 'Scans in the month',
    `anomalies` UInt64 COMMENT 'Flags in the month that scans and events of codes raised'
)
AS WITH
    arraySort(groupArrayIf(tuple(-toInt64(`parcels`), `receiver`), `of` = 'shipped' AND `receiver` != '')) AS `by_receiver`,
    -arraySum(`by_receiver`.1) AS `all_parcels`
SELECT
    `topology`, `enterprise`, `month`,
    uniqExactMergeIf(`things`, `of` = 'commissioned') AS `commissioned`,
    uniqExactMergeIf(`things`, `of` = 'shipped') AS `shipped`, uniqExactMergeIf(`things`, `of` = 'sold') AS `sold`,
    uniqExactMergeIf(`things`, `of` = 'returned') AS `returned`,
    `commissioned` / nullIf(uniqExactMergeIf(`things`, `of` = 'commissioned before'), 0) - 1 AS `commissioned_growth`,
    `shipped` / nullIf(uniqExactMergeIf(`things`, `of` = 'shipped before'), 0) - 1 AS `shipped_growth`,
    `sold` / nullIf(uniqExactMergeIf(`things`, `of` = 'sold before'), 0) - 1 AS `sold_growth`,
    `returned` / nullIf(`sold`, 0) AS `return_share`,
    uniqExactMergeIf(`things`, `of` = 'received') AS `received`,
    uniqExactMergeIf(`things`, `of` = 'delayed') AS `delayed`, `delayed` / nullIf(`received`, 0) AS `delayed_share`,
    sumIf(`total_hours`, `of` = 'received') / nullIf(sumIf(`rows`, `of` = 'received'), 0) AS `mean_transit_h`,
    length(`by_receiver`) AS `receivers`, `by_receiver`[1].2 AS `largest_receiver`,
    -`by_receiver`[1].1 / nullIf(`all_parcels`, 0) AS `largest_share`,
    arraySum(one -> one * one, `by_receiver`.1) / nullIf(`all_parcels` * `all_parcels`, 0) AS `hhi`,
    uniqExactMergeIf(`things`, `of` = 'scan') AS `scans`, uniqExactMergeIf(`things`, `of` = 'anomaly') AS `anomalies`
FROM
(
    SELECT
        `topology`, `enterprise`, `month`, `of`, `receiver`, count() AS `rows`, sum(`hours`) AS `total_hours`,
        uniqExact(`item`) AS `parcels`, uniqExactState(if(`of` IN ('scan', 'anomaly'), `event`, `item`)) AS `things`
    FROM
    (
        SELECT `topology`, `enterprise`, `month`, `figure` AS `of`, `receiver`, `event`, `item`, `hours`
        FROM headrace.scorecard_events
        UNION ALL
        SELECT
            `topology`, `enterprise`, `month` + INTERVAL 1 MONTH AS `month`, concat(`figure`, ' before') AS `of`, '', `event`,
            `item`, NULL
        FROM headrace.scorecard_events
    )
    GROUP BY `topology`, `enterprise`, `month`, `of`, `receiver`
)
GROUP BY `topology`, `enterprise`, `month`
HAVING countIf(NOT endsWith(`of`, ' before')) > 0
COMMENT 'What a bank asks of a supplier, by month: volume, growth, returns, delays, concentration, scans';
