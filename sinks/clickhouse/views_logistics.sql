-- Views of logistics: stock, picking, queues, move times.

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
