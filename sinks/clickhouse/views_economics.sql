-- What each hour costs, and what each day and month saves, at the tariffs and against the baseline that
-- `headrace topology apply` has written. Columns are declared with their comments.

CREATE OR REPLACE VIEW headrace.costs_per_hour
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `hour` DateTime('UTC') COMMENT 'Beginning of the hour, event time, UTC',
    `day` Date COMMENT 'Local date; an hour in which it changes has rows of both',
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
    `topology`, `site`, `hour`, toDate(`moment` + INTERVAL `utc_offset_minutes` MINUTE) AS `day`, `line`, `asset`, `kind`,
    `tariff`, `metric`, `product`, `shift`, sum(`amount`) AS `quantity`, `unit`, `price`, `quantity` * `price` AS `money`,
    `currency`
FROM
(
    -- What stands in a window counts for its whole length; what is an amount is added up.
    SELECT
        `priced`.*, `hour`, `moment`, if(isNull(`per_hour`), `sum`, `mean` * `per_hour` * `window_ms` / 3600000) AS `amount`
    FROM (SELECT * FROM headrace_store.tariffs FINAL WHERE `kind` IN ('energy', 'reagent')) AS `priced`
    INNER JOIN
    (
        SELECT
            `topology`, `site`, `asset`, `metric`, `window`, toStartOfHour(`window_start`) AS `hour`,
            `window_start` AS `moment`, `window_ms`, `sum`, `mean`
        FROM headrace_store.aggregates FINAL
        WHERE (`topology`, `site`, `asset`, `metric`, `window`) IN
            (SELECT `topology`, `site`, `asset`, `metric`, `window` FROM headrace_store.tariffs)
    ) AS `metered` USING (`topology`, `site`, `asset`, `metric`, `window`)
    UNION ALL
    SELECT `priced`.* REPLACE (`made` AS `product`), `hour`, `moment`, toFloat64(`rejected`)
    FROM (SELECT * FROM headrace_store.tariffs FINAL WHERE `kind` = 'scrap') AS `priced`
    INNER JOIN
    (
        SELECT
            `topology`, `site`, `asset`, `product` AS `made`, toStartOfHour(`window_start`) AS `hour`,
            `window_start` AS `moment`, `rejected`
        FROM headrace_store.oee FINAL
        WHERE `rejected` > 0
    ) AS `spoilt` USING (`topology`, `site`, `asset`)
    WHERE `priced`.`product` = `made` OR (`priced`.`product` = '' AND NOT has(`other_products`, `made`))
    UNION ALL
    SELECT `priced`.*, `hour`, `moment`, `down_ms` / 3600000
    FROM (SELECT * FROM headrace_store.tariffs FINAL WHERE `kind` = 'downtime') AS `priced`
    INNER JOIN
    (
        SELECT
            `topology`, `site`, `asset`, toStartOfHour(`window_start`) AS `hour`, `window_start` AS `moment`, `down_ms`
        FROM headrace_store.oee FINAL
        WHERE `down_ms` > 0
    ) AS `stood` USING (`topology`, `site`, `asset`)
    UNION ALL
    -- People are there as long as the machine that is planned to be busy for longest, minute by minute.
    SELECT `priced`.*, `hour`, `moment`, `people` * `longest` / 3600000
    FROM (SELECT * FROM headrace_store.tariffs FINAL WHERE `kind` = 'labour') AS `priced`
    INNER JOIN
    (
        SELECT `topology`, `site`, `shift`, `hour`, `moment`, max(`planned`) AS `longest`
        FROM
        (
            SELECT
                `topology`, `site`, `shift`, toStartOfHour(`window_start`) AS `hour`, `window_start` AS `moment`,
                sum(`planned_ms`) AS `planned`
            FROM headrace_store.oee FINAL
            WHERE `planned_ms` > 0
            GROUP BY `topology`, `site`, `shift`, `hour`, `moment`, `asset`
        )
        GROUP BY `topology`, `site`, `shift`, `hour`, `moment`
    ) AS `worked` USING (`topology`, `site`, `shift`)
)
WHERE `moment` >= `valid_from` AND (isNull(`valid_to`) OR `moment` < `valid_to`)
    AND positiveModulo(toHour(`moment`) * 60 + toMinute(`moment`) + `utc_offset_minutes`, 1440) >= `start_minute`
    AND positiveModulo(toHour(`moment`) * 60 + toMinute(`moment`) + `utc_offset_minutes`, 1440) < `end_minute`
GROUP BY
    `topology`, `site`, `hour`, `day`, `line`, `asset`, `kind`, `tariff`, `metric`, `product`, `shift`, `unit`, `price`,
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
    `hours` Float64 COMMENT 'Hours of operation: planned busy time of those assets; of several, minute by minute that of the longest',
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
    sum(`day_good`) AS `good`, sum(`day_hours`) AS `hours`,
    `money` / nullIf(`good`, 0) AS `money_per_good`, `good` / nullIf(`hours`, 0) AS `good_per_hour`,
    if(any(`first_day`) = '', NULL, any(`then_money`)) AS `baseline_money`,
    if(any(`first_day`) = '', NULL, any(`then_good`)) AS `baseline_good`,
    if(any(`first_day`) = '', NULL, any(`then_hours`)) AS `baseline_hours`,
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
        sumIf(`day_hours`, `then`) OVER (PARTITION BY `topology`, `site`) AS `then_hours`
    FROM
    (
        SELECT
            `topology`, `site`, `day`,
            sumIf(`cost`, `kind` = 'energy') AS `day_energy`, sumIf(`cost`, `kind` = 'reagent') AS `day_reagent`,
            sumIf(`cost`, `kind` = 'scrap') AS `day_scrap`, sumIf(`cost`, `kind` = 'downtime') AS `day_downtime`,
            sumIf(`cost`, `kind` = 'labour') AS `day_labour`,
            sum(`items`) AS `day_good`, sum(`busy`) / 3600000 AS `day_hours`
        FROM
        (
            SELECT `topology`, `site`, `day`, `kind`, `money` AS `cost`, toInt64(0) AS `items`, toInt64(0) AS `busy`
            FROM headrace.costs_per_hour
            UNION ALL
            SELECT
                `topology`, `site`, toDate(`window_start` + INTERVAL any(`utc_offset`) MINUTE) AS `day`, '' AS `kind`,
                toFloat64(0) AS `cost`, sum(`made`) AS `items`, max(`planned`) AS `busy`
            FROM
            (
                SELECT
                    `topology`, `site`, `window_start`, any(`utc_offset_minutes`) AS `utc_offset`,
                    sum(`good`) AS `made`, sum(`planned_ms`) AS `planned`
                FROM (SELECT * FROM headrace_store.oee FINAL) AS `slice`
                INNER JOIN
                (
                    SELECT `topology`, `site`, `utc_offset_minutes`, `output` FROM headrace_store.baselines FINAL
                    WHERE isNull(`valid_to`)
                ) AS `valid` USING (`topology`, `site`)
                WHERE has(`output`, `asset`)
                GROUP BY `topology`, `site`, `window_start`, `asset`
            )
            GROUP BY `topology`, `site`, `window_start`
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
