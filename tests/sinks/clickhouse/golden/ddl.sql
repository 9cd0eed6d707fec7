CREATE VIEW headrace.adjustments
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log',
    `adjustment` String COMMENT 'Which adjustment: the same from its command to the verdict on it',
    `ts` DateTime64(3, 'UTC') COMMENT 'Time of the broker, UTC',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'The stack whose alarm is answered',
    `alarm` String COMMENT 'Id of the alarm that is answered',
    `playbook` LowCardinality(String) COMMENT 'Name of the playbook in the topology',
    `mode` LowCardinality(String) COMMENT 'advise or automatic; advise commands nothing',
    `target` LowCardinality(String) COMMENT 'The asset that has the set-point',
    `setpoint` LowCardinality(String) COMMENT 'Which set-point: a metric of that asset; its unit is declared in the topology',
    `direction` LowCardinality(String) COMMENT 'step answers the alarm, back winds back what was done',
    `before` Float64 COMMENT 'The set-point before, in its unit',
    `after` Float64 COMMENT 'The set-point wanted, in its unit; equal to before where nothing is wanted',
    `attempt` UInt32 COMMENT 'How often it has been commanded, or proposed, so far',
    `expires_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'A command must not be carried out after this, time of the broker, UTC; NULL for all else',
    `status` LowCardinality(String) COMMENT 'proposed, commanded, acknowledged, rejected, timed_out, effective, no_effect, blocked, escalated or settled',
    `reason` String COMMENT 'One sentence for people',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: alarm.actions',
    `partition` Int32 COMMENT 'Partition of the source topic',
    `offset` Int64 COMMENT 'Offset of the record that brought it about'
)
COMMENT 'Adjustments of set-points by the control loop: what was commanded, and what became of it'
AS SELECT
    id,
    adjustment,
    ts,
    site,
    asset,
    alarm,
    playbook,
    mode,
    target,
    setpoint,
    direction,
    before,
    after,
    attempt,
    expires_at,
    status,
    reason,
    topology,
    topic,
    partition,
    offset
FROM headrace_store.adjustments
FINAL;

CREATE VIEW headrace.aggregates
(
    `id` String COMMENT 'Deterministic id of the window: the same for the same log',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `window` LowCardinality(String) COMMENT 'Name of the window in the topology',
    `window_ms` UInt64 COMMENT 'Size of the window, milliseconds',
    `window_start` DateTime64(3, 'UTC') COMMENT 'First moment of the window, inclusive, event time, UTC',
    `window_end` DateTime64(3, 'UTC') COMMENT 'End of the window, exclusive, event time, UTC',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine, stack or gateway that sent the points',
    `metric` LowCardinality(String) COMMENT 'What was measured; its unit is declared in the topology',
    `count` UInt64 COMMENT 'Number of points in the window',
    `sum` Float64 COMMENT 'Sum of the values, in the unit of the metric',
    `min` Float64 COMMENT 'Smallest value, in the unit of the metric',
    `max` Float64 COMMENT 'Largest value, in the unit of the metric',
    `mean` Float64 COMMENT 'Arithmetic mean of the values, in the unit of the metric',
    `stddev` Float64 COMMENT 'Population standard deviation, in the unit of the metric; 0 for a single point',
    `first` Float64 COMMENT 'Value of the earliest event time, in the unit of the metric; the first in the log among equals',
    `last` Float64 COMMENT 'Value of the latest event time, in the unit of the metric; the last in the log among equals',
    `topic` LowCardinality(String) COMMENT 'Source topic',
    `partition` Int32 COMMENT 'Partition of the source topic',
    `offset` Int64 COMMENT 'Offset of the last record that went into the window'
)
COMMENT 'Closed windows [window_start, window_end) of every series'
AS SELECT
    id,
    topology,
    window,
    window_ms,
    window_start,
    window_end,
    site,
    asset,
    metric,
    count,
    sum,
    min,
    max,
    mean,
    stddev,
    first,
    last,
    topic,
    partition,
    offset
FROM headrace_store.aggregates
FINAL;

CREATE VIEW headrace.alarm_kpis
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `site` LowCardinality(String) COMMENT 'Site of the assets',
    `alarms_per_hour` Float64 COMMENT 'Alarms raised in the last 24 hours of event time, 1/h',
    `standing` UInt64 COMMENT 'Alarms annunciated now: unacknowledged, acknowledged or returned_unacknowledged',
    `stale` UInt64 COMMENT 'Those of them whose condition has held for more than 24 hours',
    `chattering` UInt64 COMMENT 'Alarms raised three times or more within a minute, in the last 24 hours',
    `flood_share` Float64 COMMENT 'Share of the alarms of the last 24 hours that were raised in a flood, 0 to 1'
)
COMMENT 'How the alarms of each site do, after ANSI/ISA-18.2: how many, for how long, how often in floods'
AS SELECT
    topology,
    site,
    sum(raised) / 24 AS alarms_per_hour,
    countIf(stands) AS standing,
    countIf(stands AND holds AND old) AS stale,
    countIf(arrayExists(i -> (((times[i + 2]) - (times[i])) < 60000), range(1, greatest(raised, 2) - 1))) AS chattering,
    if(sum(raised) = 0, 0, sum(flooded) / sum(raised)) AS flood_share
FROM
(
    SELECT
        topology,
        site,
        arraySort(groupArrayIf(toUnixTimestamp64Milli(ts), recent)) AS times,
        length(times) AS raised,
        countIf(recent AND flood) AS flooded,
        argMax((state IN ('unacknowledged', 'acknowledged', 'returned_unacknowledged')), place) AS stands,
        argMax(active, place) AS holds,
        argMax(assumeNotNull(raised_at), place) < (now() - toIntervalHour(24)) AS old
    FROM
    (
        SELECT
            *,
            (transition = 'raised') AND (state = 'unacknowledged') AND (ts > (now() - toIntervalHour(24))) AS recent,
            (offset, length(id), id) AS place
        FROM headrace_store.alarms
        FINAL
    )
    GROUP BY
        topology,
        site,
        alarm,
        partition
)
GROUP BY
    topology,
    site;

CREATE VIEW headrace.alarms
(
    `id` String COMMENT 'Deterministic id of the transition: the same for the same log',
    `alarm` String COMMENT 'Id of the alarm: the same every time that it comes on',
    `ts` DateTime64(3, 'UTC') COMMENT 'Event time where a condition came on or went off, else the time of the broker at which an operator acted or a timer ran out, UTC',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine, stack or vehicle concerned',
    `metric` LowCardinality(String) COMMENT 'What was measured; its unit is declared in the topology',
    `name` LowCardinality(String) COMMENT 'Name of the alarm in the topology',
    `priority` LowCardinality(String) COMMENT 'low, medium, high or critical',
    `transition` LowCardinality(String) COMMENT 'What happened: raised, returned, acknowledged, escalated, shelved, unshelved, shelf_expired, suppressed, unsuppressed, out_of_service or in_service',
    `previous` LowCardinality(String) COMMENT 'State before',
    `state` LowCardinality(String) COMMENT 'State from now on: normal, unacknowledged, acknowledged, returned_unacknowledged, shelved, suppressed or out_of_service',
    `active` UInt8 COMMENT '1 if the condition holds, whatever the state, else 0',
    `raised_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'Event time at which the condition last came on, UTC',
    `value` Nullable(Float64) COMMENT 'Value at which the condition came on or went off, in the unit of the metric; NULL for all else',
    `limit` Nullable(Float64) COMMENT 'The limit that it passed, in the unit of the metric',
    `by` LowCardinality(String) COMMENT 'Who: the operator, or headrace for what follows from conditions and time',
    `reason` String COMMENT 'Why: the words of the operator, or one sentence',
    `until` Nullable(DateTime64(3, 'UTC')) COMMENT 'When the shelf expires, time of the broker, UTC; NULL unless it is shelved',
    `flood` UInt8 COMMENT '1 if the alarms of the site in this partition were in flood, else 0',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic of the transition: alarm.actions',
    `partition` Int32 COMMENT 'Partition of the source topic',
    `offset` Int64 COMMENT 'Offset of the record that brought the transition about'
)
COMMENT 'Transitions of alarms: what happened to which, when, by whom and why'
AS SELECT
    id,
    alarm,
    ts,
    site,
    asset,
    metric,
    name,
    priority,
    transition,
    previous,
    state,
    active,
    raised_at,
    value,
    limit,
    by,
    reason,
    until,
    flood,
    topology,
    topic,
    partition,
    offset
FROM headrace_store.alarms
FINAL;

CREATE VIEW headrace.alarms_standing
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
COMMENT 'Alarms that are not normal, each with its newest transition'
AS SELECT
    alarm,
    site,
    asset,
    metric,
    name,
    priority,
    state,
    active,
    raised_at,
    limit,
    transition,
    ts,
    by,
    reason,
    until,
    topology,
    partition
FROM
(
    SELECT *
    FROM headrace_store.alarms
    FINAL
    ORDER BY
        offset DESC,
        length(id) DESC,
        id DESC
    LIMIT 1 BY
        topology,
        alarm,
        partition
)
WHERE state != 'normal';

CREATE VIEW headrace.anomalies
(
    `id` String COMMENT 'Deterministic id of the flag: the same for the same log',
    `ts` DateTime64(3, 'UTC') COMMENT 'Event time of the flagged point, UTC; for missing data the moment at which it was due',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine, stack or gateway that sent the point',
    `metric` LowCardinality(String) COMMENT 'What was measured; its unit is declared in the topology',
    `detector` LowCardinality(String) COMMENT 'Name of the detector in the topology',
    `severity` LowCardinality(String) COMMENT 'info, warning or critical',
    `score` Float64 COMMENT 'From 0 (unremarkable) to 1 (certain), no unit; comparable within one detector',
    `value` Nullable(Float64) COMMENT 'The flagged value, in the unit of the metric; NULL for missing data',
    `expected` Nullable(Float64) COMMENT 'What the detector expected, in the unit of the metric; NULL if it expects no value',
    `lower` Nullable(Float64) COMMENT 'Lower bound of the normal range, in the unit of the metric; NULL if unbounded',
    `upper` Nullable(Float64) COMMENT 'Upper bound of the normal range, in the unit of the metric; NULL if unbounded',
    `reason` String COMMENT 'One sentence for the operator',
    `incident` String COMMENT 'Id of the incident: the same for all flags of an asset that come within ten minutes of one another; empty before there were incidents',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic',
    `partition` Int32 COMMENT 'Partition of the source topic',
    `offset` Int64 COMMENT 'Offset of the record that brought the flag about'
)
COMMENT 'Anomaly flags'
AS SELECT
    id,
    ts,
    site,
    asset,
    metric,
    detector,
    severity,
    score,
    value,
    expected,
    lower,
    upper,
    reason,
    incident,
    topology,
    topic,
    partition,
    offset
FROM headrace_store.anomalies
FINAL;

CREATE VIEW headrace.baselines
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
    `valid_to` Nullable(DateTime64(3, 'UTC')) COMMENT 'Until when it was valid, exclusive, UTC; NULL while it is: savings are against that one'
)
COMMENT 'What costs and output of each topology are compared with'
AS SELECT
    topology,
    site,
    currency,
    output,
    hours_per_year,
    utc_offset_minutes,
    first_day,
    last_day,
    money_per_good,
    good_per_hour,
    valid_from,
    valid_to
FROM headrace_store.baselines
FINAL;

CREATE VIEW headrace.capability_now
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
COMMENT 'What each process can do now: declared characteristics, each with its newest sample of the last 30 days'
AS SELECT
    topology,
    site,
    asset,
    product,
    characteristic,
    unit,
    ts,
    mean,
    lower_spec,
    upper_spec,
    target,
    capability_values,
    cp,
    cpk,
    pp,
    ppk
FROM headrace_store.samples
FINAL
WHERE (capability_values > 0) AND (ts > (now() - toIntervalDay(30)))
ORDER BY
    ts DESC,
    offset DESC
LIMIT 1 BY
    topology,
    site,
    asset,
    product,
    characteristic;

CREATE VIEW headrace.channel_stock
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `enterprise` LowCardinality(String) COMMENT 'Prefix of the enterprise',
    `product` String COMMENT 'What the items are; empty if their names do not say',
    `holder` String COMMENT 'Where received items were received; who shipped ones go to; empty if not said',
    `state` LowCardinality(String) COMMENT 'shipped or received',
    `items` UInt64 COMMENT 'Items that were shipped and since then neither sold, returned, voided in shipping nor taken out of use',
    `oldest` DateTime64(3, 'UTC') COMMENT 'Since when the first of them is there, UTC'
)
COMMENT 'What is in the channel: shipped, and not sold. Reads all events of the enterprise'
AS SELECT
    topology,
    enterprise,
    product,
    newest.4 AS holder,
    newest.3 AS state,
    count() AS items,
    min(newest.1) AS oldest
FROM
(
    SELECT
        topology,
        enterprise,
        product,
        item,
        countIf(what = 'shipped') AS shipments,
        max(tuple(ts, event, what, multiIf(what = 'shipped', receiver, location != '', location, place))) AS newest
    FROM
    (
        SELECT
            *,
            multiIf((biz_step = 'retail_selling') OR (disposition IN ('retail_sold', 'returned', 'destroyed', 'disposed')), 'gone', (biz_step IN ('void_shipping', 'destroying', 'decommissioning', 'killing')), 'gone', biz_step = 'shipping', 'shipped', biz_step = 'receiving', 'received', '') AS what
        FROM headrace.item_events
    )
    WHERE what != ''
    GROUP BY
        topology,
        enterprise,
        product,
        item
)
WHERE (shipments > 0) AND ((newest.3) != 'gone')
GROUP BY
    topology,
    enterprise,
    product,
    holder,
    state;

CREATE VIEW headrace.code_ranges
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log',
    `ts` DateTime64(3, 'UTC') COMMENT 'When they were minted, UTC',
    `enterprise` LowCardinality(String) COMMENT 'Prefix of the enterprise',
    `product` LowCardinality(String) COMMENT 'What the codes are put on: 88.118.8/TP-1001, or 01/ and a GTIN',
    `first` Int64 COMMENT 'First serial',
    `last` Int64 COMMENT 'Last serial',
    `key` LowCardinality(String) COMMENT 'Id of the key that their check part is made with',
    `site` LowCardinality(String) COMMENT 'Empty: codes are given out by an enterprise, at no place',
    `asset` LowCardinality(String) COMMENT 'Empty',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: trace.events',
    `partition` Int32 COMMENT 'Partition of that topic',
    `offset` Int64 COMMENT 'Offset of the record in its partition'
)
COMMENT 'Codes that were minted, a range each'
AS SELECT
    id,
    ts,
    enterprise,
    product,
    first,
    last,
    key,
    site,
    asset,
    topology,
    topic,
    partition,
    offset
FROM headrace_store.code_ranges
FINAL;

CREATE VIEW headrace.code_scans
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log',
    `ts` DateTime64(3, 'UTC') COMMENT 'When, UTC',
    `enterprise` LowCardinality(String) COMMENT 'Prefix of the enterprise',
    `product` LowCardinality(String) COMMENT 'What the code is put on: 88.118.8/TP-1001, or 01/ and a GTIN',
    `item` String COMMENT 'The text of the code',
    `found` LowCardinality(String) COMMENT 'What the resolver answered: genuine, void, unknown (never minted) or forged',
    `disposition` LowCardinality(String) COMMENT 'Condition of the item at that time after the archive; empty if unknown',
    `client` String COMMENT 'Pseudonym of whoever asked, the same within a day; empty if unknown',
    `latitude` Nullable(Float64) COMMENT 'Where it was read, degrees north (WGS 84); NULL if not told',
    `longitude` Nullable(Float64) COMMENT 'Where it was read, degrees east (WGS 84); NULL if not told',
    `site` LowCardinality(String) COMMENT 'Empty: codes are given out by an enterprise, at no place',
    `asset` LowCardinality(String) COMMENT 'Empty',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: trace.events',
    `partition` Int32 COMMENT 'Partition of that topic',
    `offset` Int64 COMMENT 'Offset of the record in its partition'
)
COMMENT 'Codes that somebody read and asked a resolver about'
AS SELECT
    id,
    ts,
    enterprise,
    product,
    item,
    found,
    disposition,
    client,
    latitude,
    longitude,
    site,
    asset,
    topology,
    topic,
    partition,
    offset
FROM headrace_store.code_scans
FINAL;

CREATE VIEW headrace.code_voids
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log',
    `ts` DateTime64(3, 'UTC') COMMENT 'From when on, UTC',
    `enterprise` LowCardinality(String) COMMENT 'Prefix of the enterprise',
    `product` LowCardinality(String) COMMENT 'What the codes are put on: 88.118.8/TP-1001, or 01/ and a GTIN',
    `first` Int64 COMMENT 'First serial',
    `last` Int64 COMMENT 'Last serial',
    `reason` String COMMENT 'Why, in the words of whoever said so',
    `by` LowCardinality(String) COMMENT 'Who said so',
    `site` LowCardinality(String) COMMENT 'Empty: codes are given out by an enterprise, at no place',
    `asset` LowCardinality(String) COMMENT 'Empty',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: trace.events',
    `partition` Int32 COMMENT 'Partition of that topic',
    `offset` Int64 COMMENT 'Offset of the record in its partition'
)
COMMENT 'Codes that are worth nothing, a range each'
AS SELECT
    id,
    ts,
    enterprise,
    product,
    first,
    last,
    reason,
    by,
    site,
    asset,
    topology,
    topic,
    partition,
    offset
FROM headrace_store.code_voids
FINAL;

CREATE VIEW headrace.compliance
(
    `id` String COMMENT 'Deterministic id of the verdict: the same for the same log',
    `rule` LowCardinality(String) COMMENT 'Name of the rule in the topology',
    `pack` LowCardinality(String) COMMENT 'Rule pack by which it was judged',
    `pack_version` LowCardinality(String) COMMENT 'Version of the pack; +local where the topology changes numbers of it',
    `standard` LowCardinality(String) COMMENT 'Where the limit comes from, as the topology says',
    `period` LowCardinality(String) COMMENT 'half_hour, hour, day or month',
    `period_start` DateTime64(3, 'UTC') COMMENT 'First moment of the period, inclusive, event time, UTC',
    `period_end` DateTime64(3, 'UTC') COMMENT 'End of the period, exclusive, event time, UTC',
    `site` LowCardinality(String) COMMENT 'Site of the stack',
    `asset` LowCardinality(String) COMMENT 'The stack',
    `metric` LowCardinality(String) COMMENT 'The pollutant; its unit is declared in the topology',
    `verdict` LowCardinality(String) COMMENT 'compliant, exceeded or insufficient_data; what is missing is never taken for compliant',
    `reason` String COMMENT 'One sentence with the numbers that decided',
    `raw_mean` Nullable(Float64) COMMENT 'Mean as measured, in the unit of the metric; NULL where nothing is valid',
    `oxygen_mean` Nullable(Float64) COMMENT 'Mean oxygen of the same minutes, % by volume; NULL where the rule does not look at oxygen, or nothing is valid',
    `oxygen_reference` Nullable(Float64) COMMENT 'Oxygen at which the limit holds, % by volume; NULL where the measured mean is judged',
    `corrected_mean` Nullable(Float64) COMMENT 'Mean at the reference oxygen, in the unit of the metric; NULL where nothing is valid',
    `confidence` Nullable(Float64) COMMENT 'What was subtracted as confidence interval of the measurement, in the unit of the metric',
    `judged_mean` Nullable(Float64) COMMENT 'What was held against the limit: corrected_mean less confidence, in the unit of the metric',
    `limit` Float64 COMMENT 'Highest mean allowed, in the unit of the metric',
    `valid_minutes` UInt32 COMMENT 'Minutes with a valid reading',
    `stopped_minutes` UInt32 COMMENT 'Minutes in which the plant did not run',
    `invalid_minutes` UInt32 COMMENT 'Minutes with readings of which none is valid: calibration, maintenance, fault, oxygen as in air',
    `missing_minutes` UInt32 COMMENT 'Minutes without a reading',
    `valid_parts` UInt32 COMMENT 'Valid parts: minutes or quarters of an hour, hours or half-hours of a day, days of a month',
    `required_parts` UInt32 COMMENT 'Valid parts that the pack asks for; 0 where the plant did not run',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic',
    `partition` Int32 COMMENT 'Partition of the source topic',
    `first_offset` Int64 COMMENT 'Offset of the first record that the verdict rests on; -1 where there is none',
    `offset` Int64 COMMENT 'Offset of the last record that the verdict rests on; -1 where there is none'
)
COMMENT 'Verdicts on emissions with their evidence: one row for each rule, stack and period that has a limit'
AS SELECT
    id,
    rule,
    pack,
    pack_version,
    standard,
    period,
    period_start,
    period_end,
    site,
    asset,
    metric,
    verdict,
    reason,
    raw_mean,
    oxygen_mean,
    oxygen_reference,
    corrected_mean,
    confidence,
    judged_mean,
    limit,
    valid_minutes,
    stopped_minutes,
    invalid_minutes,
    missing_minutes,
    valid_parts,
    required_parts,
    topology,
    topic,
    partition,
    first_offset,
    offset
FROM headrace_store.compliance
FINAL;

CREATE VIEW headrace.costs_per_hour
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
COMMENT 'What each hour cost, by what was paid for, at the prices of that time'
AS SELECT
    topology,
    site,
    hour,
    toDate(moment + toIntervalMinute(utc_offset_minutes)) AS day,
    line,
    asset,
    kind,
    tariff,
    metric,
    product,
    shift,
    sum(amount) AS quantity,
    unit,
    price,
    quantity * price AS money,
    currency
FROM
(
    SELECT
        priced.*,
        hour,
        moment,
        if(isNull(per_hour), sum, ((mean * per_hour) * window_ms) / 3600000) AS amount
    FROM
    (
        SELECT *
        FROM headrace_store.tariffs
        FINAL
        WHERE kind IN ('energy', 'reagent')
    ) AS priced
    INNER JOIN
    (
        SELECT
            topology,
            site,
            asset,
            metric,
            window,
            toStartOfHour(window_start) AS hour,
            window_start AS moment,
            window_ms,
            sum,
            mean
        FROM headrace_store.aggregates
        FINAL
        WHERE (topology, site, asset, metric, window) IN (
            SELECT
                topology,
                site,
                asset,
                metric,
                window
            FROM headrace_store.tariffs
        )
    ) AS metered USING (topology, site, asset, metric, window)
    UNION ALL
    SELECT
        priced.* REPLACE (made AS product),
        hour,
        moment,
        toFloat64(rejected)
    FROM
    (
        SELECT *
        FROM headrace_store.tariffs
        FINAL
        WHERE kind = 'scrap'
    ) AS priced
    INNER JOIN
    (
        SELECT
            topology,
            site,
            asset,
            product AS made,
            toStartOfHour(window_start) AS hour,
            window_start AS moment,
            rejected
        FROM headrace_store.oee
        FINAL
        WHERE rejected > 0
    ) AS spoilt USING (topology, site, asset)
    WHERE (priced.product = made) OR ((priced.product = '') AND (NOT has(other_products, made)))
    UNION ALL
    SELECT
        priced.*,
        hour,
        moment,
        down_ms / 3600000
    FROM
    (
        SELECT *
        FROM headrace_store.tariffs
        FINAL
        WHERE kind = 'downtime'
    ) AS priced
    INNER JOIN
    (
        SELECT
            topology,
            site,
            asset,
            toStartOfHour(window_start) AS hour,
            window_start AS moment,
            down_ms
        FROM headrace_store.oee
        FINAL
        WHERE down_ms > 0
    ) AS stood USING (topology, site, asset)
    UNION ALL
    SELECT
        priced.*,
        hour,
        moment,
        (people * longest) / 3600000
    FROM
    (
        SELECT *
        FROM headrace_store.tariffs
        FINAL
        WHERE kind = 'labour'
    ) AS priced
    INNER JOIN
    (
        SELECT
            topology,
            site,
            shift,
            hour,
            moment,
            max(planned) AS longest
        FROM
        (
            SELECT
                topology,
                site,
                shift,
                toStartOfHour(window_start) AS hour,
                window_start AS moment,
                sum(planned_ms) AS planned
            FROM headrace_store.oee
            FINAL
            WHERE planned_ms > 0
            GROUP BY
                topology,
                site,
                shift,
                hour,
                moment,
                asset
        )
        GROUP BY
            topology,
            site,
            shift,
            hour,
            moment
    ) AS worked USING (topology, site, shift)
)
WHERE (moment >= valid_from) AND (isNull(valid_to) OR (moment < valid_to)) AND (positiveModulo(((toHour(moment) * 60) + toMinute(moment)) + utc_offset_minutes, 1440) >= start_minute) AND (positiveModulo(((toHour(moment) * 60) + toMinute(moment)) + utc_offset_minutes, 1440) < end_minute)
GROUP BY
    topology,
    site,
    hour,
    day,
    line,
    asset,
    kind,
    tariff,
    metric,
    product,
    shift,
    unit,
    price,
    currency;

CREATE VIEW headrace.dead_letters
(
    `id` String COMMENT 'Deterministic id of the dead letter: the same for the same log',
    `ts` DateTime64(3, 'UTC') COMMENT 'Timestamp that the broker holds for the record, UTC',
    `reason` LowCardinality(String) COMMENT 'Why it was refused, such as malformed, bad_time or unknown_metric',
    `scope` LowCardinality(String) COMMENT 'How much was refused: record, event (one of a frame) or field (the rest of its event was accepted)',
    `detail` String COMMENT 'What exactly was wrong, in words',
    `field` String COMMENT 'The refused field where scope is field, else empty',
    `key` String COMMENT 'Key of the Kafka record',
    `payload` String COMMENT 'Beginning of the record as text; the whole is at topic, partition, offset',
    `payload_bytes` UInt64 COMMENT 'Size of the whole record, bytes',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic',
    `partition` Int32 COMMENT 'Partition of the source topic',
    `offset` Int64 COMMENT 'Offset of the record in its partition',
    `index` UInt32 COMMENT 'Position of the event in its record; 0 unless the record is a frame of several'
)
COMMENT 'Input that could not be accepted, with reason and origin'
AS SELECT
    id,
    ts,
    reason,
    scope,
    detail,
    field,
    key,
    payload,
    payload_bytes,
    topology,
    topic,
    partition,
    offset,
    index
FROM headrace_store.dead_letters
FINAL;

CREATE VIEW headrace.defect_pareto
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
COMMENT 'Which defects matter: by place and month, the most frequent first'
AS SELECT
    topology,
    site,
    asset,
    month,
    row_number() OVER ranked AS rank,
    defect,
    found AS count,
    found / sum(found) OVER `all` AS share,
    sum(found) OVER ranked / sum(found) OVER `all` AS cumulative_share
FROM
(
    SELECT
        topology,
        site,
        asset,
        toStartOfMonth(ts) AS month,
        defect,
        sum(count) AS found
    FROM headrace_store.defects
    FINAL
    GROUP BY
        topology,
        site,
        asset,
        month,
        defect
)
WINDOW
    `all` AS (PARTITION BY topology, site, asset, month),
    ranked AS (PARTITION BY topology, site, asset, month ORDER BY found DESC, defect ASC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW);

CREATE VIEW headrace.defects
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log',
    `ts` DateTime64(3, 'UTC') COMMENT 'When it was inspected, event time, UTC',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine or inspection place',
    `product` LowCardinality(String) COMMENT 'What was inspected',
    `order` String COMMENT 'Number of the order; empty if that was not said',
    `item` String COMMENT 'Which item, or the lot; empty if that was not said',
    `defect` LowCardinality(String) COMMENT 'Kind of defect',
    `count` Int64 COMMENT 'How often the inspection found it',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: quality.events',
    `partition` Int32 COMMENT 'Partition of the source topic',
    `offset` Int64 COMMENT 'Offset of the record in its partition'
)
COMMENT 'Defects that inspections found, one row a kind'
AS SELECT
    id,
    ts,
    site,
    asset,
    product,
    order,
    item,
    defect,
    count,
    topology,
    topic,
    partition,
    offset
FROM headrace_store.defects
FINAL;

CREATE VIEW headrace.detector_quality
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
COMMENT 'How often each detector was right, as far as people have said'
AS SELECT
    topology,
    detector,
    site,
    asset,
    metric,
    count() AS flags,
    countIf(verdict != '') AS judged,
    countIf(verdict = 'true') AS true_flags,
    countIf(verdict = 'false') AS false_flags,
    countIf(verdict = 'expected') AS expected_flags,
    if((true_flags + false_flags) = 0, NULL, true_flags / (true_flags + false_flags)) AS precision
FROM headrace_store.anomalies AS flag
FINAL
LEFT JOIN
(
    SELECT
        topology,
        anomaly,
        argMax(verdict, (ts, partition, offset)) AS verdict
    FROM headrace_store.feedback
    FINAL
    GROUP BY
        topology,
        anomaly
) AS said ON (said.topology = flag.topology) AND (said.anomaly = flag.id)
GROUP BY
    topology,
    detector,
    site,
    asset,
    metric;

CREATE VIEW headrace.downtime_by_reason
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
COMMENT 'How long machines stood, and why; a stop belongs to the shift in which it began'
AS SELECT
    topology,
    site,
    line,
    asset,
    toDate(stop.day) AS day,
    shift,
    category,
    state,
    reason,
    count() AS stops,
    countIf(micro) AS micro_stops,
    sum(stop.duration_ms) AS duration_ms,
    sum(stop.lost_ms) AS lost_ms
FROM headrace_store.stops AS stop
FINAL
GROUP BY
    topology,
    site,
    line,
    asset,
    day,
    shift,
    category,
    state,
    reason;

CREATE VIEW headrace.dwell
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
COMMENT 'How long items stay at each stage and place. Reads all events of the enterprise'
AS SELECT
    topology,
    enterprise,
    toStartOfMonth(next) AS month,
    product,
    stage,
    place,
    count() AS stays,
    quantileExactInclusive(0.5)(stay) / 1000 AS median_s,
    quantileExactInclusive(0.9)(stay) / 1000 AS p90_s
FROM
(
    SELECT
        topology,
        enterprise,
        product,
        biz_step AS stage,
        place,
        leadInFrame(toNullable(ts)) OVER life AS next,
        toUnixTimestamp64Milli(next) - toUnixTimestamp64Milli(ts) AS stay
    FROM headrace.item_events
    WINDOW life AS (PARTITION BY topology, enterprise, product, item ORDER BY ts ASC, event ASC ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
)
WHERE isNotNull(next)
GROUP BY
    topology,
    enterprise,
    month,
    product,
    stage,
    place;

CREATE VIEW headrace.emitted_mass
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log',
    `rule` LowCardinality(String) COMMENT 'Name of the rule in the topology',
    `hour_start` DateTime64(3, 'UTC') COMMENT 'First moment of the hour, event time, UTC',
    `site` LowCardinality(String) COMMENT 'Site of the stack',
    `asset` LowCardinality(String) COMMENT 'The stack',
    `metric` LowCardinality(String) COMMENT 'The pollutant; its unit is declared in the topology',
    `mass` Nullable(Float64) COMMENT 'Emitted mass, kg; NULL where nothing may stand in for what was not measured',
    `method` LowCardinality(String) COMMENT 'measured, stopped, max_180, max_720, max_2160 (largest of so many measured hours before) or none',
    `capture` Nullable(Float64) COMMENT 'Share of the quarter\'s hours with the plant running that were measured when the row was made, from 0 to 1',
    `valid_minutes` UInt32 COMMENT 'Minutes with concentration and flow measured',
    `stopped_minutes` UInt32 COMMENT 'Minutes in which the plant did not run',
    `gap_hours` UInt32 COMMENT 'Length of the gap that the hour lies in, hours; 0 for an hour that was measured',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic',
    `partition` Int32 COMMENT 'Partition of the source topic'
)
COMMENT 'Emitted mass of each stack, hour by hour; a row for an hour that was not measured comes when the gap ends'
AS SELECT
    id,
    rule,
    hour_start,
    site,
    asset,
    metric,
    mass,
    method,
    capture,
    valid_minutes,
    stopped_minutes,
    gap_hours,
    topology,
    topic,
    partition
FROM headrace_store.emitted_mass
FINAL;

CREATE VIEW headrace.feedback
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log',
    `anomaly` String COMMENT 'Id of the flag, as in anomalies',
    `ts` DateTime64(3, 'UTC') COMMENT 'When it was said, time of the broker, UTC',
    `verdict` LowCardinality(String) COMMENT 'true: the flag was right; false: it was wrong; expected: it was right, and nobody needed to be told',
    `by` LowCardinality(String) COMMENT 'Who said so',
    `reason` String COMMENT 'Why, in the words of whoever said so',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine, stack or gateway whose series was flagged',
    `metric` LowCardinality(String) COMMENT 'What was measured; its unit is declared in the topology',
    `detector` LowCardinality(String) COMMENT 'Name of the detector or rule that raised the flag',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Where it was said: anomaly.feedback',
    `partition` Int32 COMMENT 'Partition of that topic',
    `offset` Int64 COMMENT 'Offset of the record in its partition'
)
COMMENT 'What people said of anomaly flags'
AS SELECT
    id,
    anomaly,
    ts,
    verdict,
    by,
    reason,
    site,
    asset,
    metric,
    detector,
    topology,
    topic,
    partition,
    offset
FROM headrace_store.feedback
FINAL;

CREATE VIEW headrace.first_pass_yield
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
COMMENT 'How much is right at once: inspections by place, product and day'
AS SELECT
    topology,
    site,
    asset,
    product,
    toDate(one.ts) AS day,
    sum(one.inspected) AS inspected,
    sum(one.passed) AS passed,
    sum(one.reworked) AS reworked,
    sum(one.scrapped) AS scrapped,
    sum(one.passed) / sum(one.inspected) AS first_pass_yield,
    1 - (sum(one.scrapped) / sum(one.inspected)) AS final_yield
FROM headrace_store.inspections AS one
FINAL
GROUP BY
    topology,
    site,
    asset,
    product,
    day;

CREATE VIEW headrace.genealogy
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `link` String COMMENT 'The transformation: its event, or the id that joins several events',
    `input` String COMMENT 'What was used up',
    `output` String COMMENT 'What was made of it, and of all other inputs of the link',
    `ts` DateTime64(3, 'UTC') COMMENT 'When that was made, UTC',
    `enterprise` LowCardinality(String) COMMENT 'Prefix of the enterprise that captured it',
    `site` LowCardinality(String) COMMENT 'Site of the machine that made it; empty where the read point is none',
    `asset` LowCardinality(String) COMMENT 'That machine',
    `input_quantity` Nullable(Float64) COMMENT 'How much was used up, in the unit input_uom; NULL for a single item',
    `input_uom` LowCardinality(String) COMMENT 'Unit after UN/CEFACT Recommendation 20; empty for a number of items',
    `output_quantity` Nullable(Float64) COMMENT 'How much was made, in the unit output_uom; NULL for a single item',
    `output_uom` LowCardinality(String) COMMENT 'Unit, likewise'
)
COMMENT 'What was made of what, a row for each pair of a transformation as an enterprise captured it; ask by link'
AS SELECT
    topology,
    link,
    used.item AS input,
    made.item AS output,
    made.at AS ts,
    enterprise,
    made.where AS site,
    made.machine AS asset,
    used.amount AS input_quantity,
    used.unit AS input_uom,
    made.amount AS output_quantity,
    made.unit AS output_uom
FROM
(
    SELECT
        topology,
        link,
        enterprise,
        item,
        event,
        max(row.quantity) AS amount,
        any(row.uom) AS unit
    FROM headrace_store.trace_links AS row
    WHERE role = 'input'
    GROUP BY
        topology,
        link,
        enterprise,
        item,
        event
    HAVING max(row.error) = 0
) AS used
INNER JOIN
(
    SELECT
        topology,
        link,
        enterprise,
        item,
        event,
        ts AS at,
        any(row.site) AS where,
        any(row.asset) AS machine,
        max(row.quantity) AS amount,
        any(row.uom) AS unit
    FROM headrace_store.trace_links AS row
    WHERE role = 'output'
    GROUP BY
        topology,
        link,
        enterprise,
        item,
        event,
        ts
    HAVING max(row.error) = 0
) AS made USING (topology, link, enterprise);

CREATE VIEW headrace.headroom
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log',
    `rule` LowCardinality(String) COMMENT 'Name of the rule in the topology',
    `ts` DateTime64(3, 'UTC') COMMENT 'End of the minute, event time, UTC',
    `period_start` DateTime64(3, 'UTC') COMMENT 'First moment of the period that runs, event time, UTC',
    `period_end` DateTime64(3, 'UTC') COMMENT 'End of the period that runs, exclusive, event time, UTC',
    `site` LowCardinality(String) COMMENT 'Site of the stack',
    `asset` LowCardinality(String) COMMENT 'The stack',
    `metric` LowCardinality(String) COMMENT 'The pollutant; its unit is declared in the topology',
    `valid_minutes` UInt32 COMMENT 'Valid minutes of the period so far',
    `remaining_minutes` UInt32 COMMENT 'Minutes of the period that are left',
    `mean` Float64 COMMENT 'Mean so far at the reference oxygen, in the unit of the metric',
    `projected_mean` Float64 COMMENT 'Mean of the whole period if the rest is as the last five valid minutes were, in the unit of the metric',
    `allowed_mean` Float64 COMMENT 'Highest mean of the rest with which the period still complies, in the unit of the metric; below 0 where it is lost',
    `limit` Float64 COMMENT 'Highest mean of the period that complies, the confidence interval included, in the unit of the metric',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic',
    `partition` Int32 COMMENT 'Partition of the source topic'
)
COMMENT 'How the running hour or half-hour of each rule and stack will end: one row for each valid minute'
AS SELECT
    id,
    rule,
    ts,
    period_start,
    period_end,
    site,
    asset,
    metric,
    valid_minutes,
    remaining_minutes,
    mean,
    projected_mean,
    allowed_mean,
    limit,
    topology,
    topic,
    partition
FROM headrace_store.headroom
FINAL;

CREATE VIEW headrace.incidents
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
COMMENT 'What people look at once: flags of an asset that belong together'
AS SELECT
    incident,
    site,
    asset,
    min(flag.ts) AS began,
    max(flag.ts) AS ended,
    count() AS flags,
    ['info', 'warning', 'critical'][max(indexOf(['info', 'warning', 'critical'], flag.severity))] AS severity,
    max(flag.score) AS score,
    arraySort(groupUniqArray(flag.metric)) AS metrics,
    arraySort(groupUniqArray(flag.detector)) AS detectors,
    argMin(flag.reason, (flag.ts, flag.id)) AS reason,
    topology
FROM headrace_store.anomalies AS flag
FINAL
WHERE incident != ''
GROUP BY
    topology,
    site,
    asset,
    incident;

CREATE VIEW headrace.inspections
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log',
    `ts` DateTime64(3, 'UTC') COMMENT 'When it was inspected, event time, UTC',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine or inspection place',
    `product` LowCardinality(String) COMMENT 'What was inspected',
    `order` String COMMENT 'Number of the order; empty if that was not said',
    `item` String COMMENT 'Which item, or the lot; empty if that was not said',
    `inspected` Int64 COMMENT 'Number of items looked at',
    `passed` Int64 COMMENT 'Number of items that passed at once',
    `reworked` Int64 COMMENT 'Number of items that are good after rework',
    `scrapped` Int64 COMMENT 'Number of items that are neither',
    `late` UInt8 COMMENT '1 if a newer inspection of the product came first: it is not on the p chart; else 0',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: quality.events',
    `partition` Int32 COMMENT 'Partition of the source topic',
    `offset` Int64 COMMENT 'Offset of the record in its partition'
)
COMMENT 'Inspections of items and lots'
AS SELECT
    id,
    ts,
    site,
    asset,
    product,
    order,
    item,
    inspected,
    passed,
    reworked,
    scrapped,
    late,
    topology,
    topic,
    partition,
    offset
FROM headrace_store.inspections
FINAL;

CREATE VIEW headrace.item_events
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
COMMENT 'What happened to each item: every event that counts, once, without those that were declared wrong'
AS SELECT
    topology,
    enterprise,
    month,
    multiIf(startsWith(item, '01/'), substring(item, 1, 17), match(item, '^[0-9.]+/[^/:]+/[0-9A-Z]{20}$'), substring(item, 1, length(item) - 21), '') AS product,
    item,
    happened AS ts,
    event,
    act AS action,
    step AS biz_step,
    condition AS disposition,
    where AS place,
    after AS location,
    to AS receiver,
    until AS due
FROM
(
    SELECT
        topology,
        enterprise,
        toStartOfMonth(ts) AS month,
        event,
        any(ts) AS happened,
        any(action) AS act,
        any(biz_step) AS step,
        any(disposition) AS condition,
        any(if(read_point = '', biz_location, read_point)) AS where,
        any(biz_location) AS after,
        any(receiver) AS to,
        any(due) AS until,
        any(items) AS named
    FROM headrace_store.trace_events
    FINAL
    GROUP BY
        topology,
        enterprise,
        month,
        event
    HAVING countIf(isNotNull(error_at)) = 0
)
ARRAY JOIN JSONExtract(named, 'Array(String)') AS item;

CREATE VIEW headrace.item_life
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `item` String COMMENT 'Which: the text of a code, the path of a GS1 Digital Link, or another URI',
    `ts` DateTime64(3, 'UTC') COMMENT 'When it happened, UTC',
    `event` String COMMENT 'Hash of the event',
    `role` LowCardinality(String) COMMENT 'What the item is in the event: epc, parent, child, input or output',
    `enterprise` LowCardinality(String) COMMENT 'Prefix of the enterprise that captured it',
    `type` LowCardinality(String) COMMENT 'ObjectEvent, AggregationEvent, TransactionEvent, TransformationEvent or AssociationEvent',
    `action` LowCardinality(String) COMMENT 'ADD, OBSERVE or DELETE; empty for transformations',
    `biz_step` LowCardinality(String) COMMENT 'What was done: a word of the Core Business Vocabulary, or a URI',
    `disposition` LowCardinality(String) COMMENT 'Condition of the item afterwards, likewise',
    `read_point` LowCardinality(String) COMMENT 'Where it was seen, a URI',
    `site` LowCardinality(String) COMMENT 'Site of the machine where it happened; empty where the read point is none',
    `asset` LowCardinality(String) COMMENT 'That machine',
    `quantity` Nullable(Float64) COMMENT 'How much of a class of items, in the unit uom; NULL for a single item',
    `uom` LowCardinality(String) COMMENT 'Unit after UN/CEFACT Recommendation 20; empty for a number of items',
    `link` String COMMENT 'What joins it to the other items of the event; empty where nothing does',
    `wrong` UInt8 COMMENT '1 if the event has been declared wrong, else 0'
)
COMMENT 'The events that name an item, each once'
AS SELECT
    topology,
    item,
    ts,
    event,
    role,
    enterprise,
    any(one.type) AS type,
    any(one.action) AS action,
    any(one.biz_step) AS biz_step,
    any(one.disposition) AS disposition,
    any(one.read_point) AS read_point,
    any(one.site) AS site,
    any(one.asset) AS asset,
    max(one.quantity) AS quantity,
    any(one.uom) AS uom,
    any(one.link) AS link,
    max(one.error) AS wrong
FROM headrace_store.trace_items AS one
GROUP BY
    topology,
    item,
    ts,
    event,
    role,
    enterprise;

CREATE VIEW headrace.item_state
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `item` String COMMENT 'Which: the text of a code, the path of a GS1 Digital Link, or another URI',
    `ts` DateTime64(3, 'UTC') COMMENT 'Of the newest event that names it, UTC',
    `enterprise` LowCardinality(String) COMMENT 'Prefix of the enterprise that captured that',
    `biz_step` LowCardinality(String) COMMENT 'What was done then: a word of the Core Business Vocabulary, or a URI',
    `disposition` LowCardinality(String) COMMENT 'Condition as the newest event says that says one; empty if none does',
    `read_point` LowCardinality(String) COMMENT 'Where it was seen last, a URI; empty if nowhere'
)
COMMENT 'What is known of each item last, after the events that name it; those of a pack that it is in do not'
AS SELECT
    topology,
    item,
    max(one.at) AS ts,
    argMax(one.who, (one.at, one.hash)) AS enterprise,
    argMax(one.step, (one.at, one.hash)) AS biz_step,
    argMaxIf(one.condition, (one.at, one.hash), one.condition != '') AS disposition,
    argMaxIf(one.place, (one.at, one.hash), one.place != '') AS read_point
FROM
(
    SELECT
        topology,
        item,
        ts AS at,
        event AS hash,
        enterprise AS who,
        any(row.biz_step) AS step,
        any(row.disposition) AS condition,
        any(row.read_point) AS place
    FROM headrace_store.trace_items AS row
    GROUP BY
        topology,
        item,
        ts,
        event,
        role,
        enterprise
    HAVING max(row.error) = 0
) AS one
GROUP BY
    topology,
    item;

CREATE VIEW headrace.ledger
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic',
    `partition` Int32 COMMENT 'Partition of the source topic',
    `next_offset` Int64 COMMENT 'The counts cover the log from first_offset up to here, exclusive',
    `changes` UInt64 COMMENT 'How often the topology has changed so that something began anew',
    `settled` UInt64 COMMENT 'How often the counts have changed without a record: the partition fell idle, or records were deleted. Of rows with one next_offset the last one has the largest changes, and of these the largest settled',
    `first_offset` Int64 COMMENT 'Where counting began',
    `records` UInt64 COMMENT 'Kafka records consumed',
    `events` UInt64 COMMENT 'Events in them; a frame holds several',
    `accepted` UInt64 COMMENT 'Events accepted',
    `late` UInt64 COMMENT 'Events too late for every window',
    `duplicate` UInt64 COMMENT 'Events whose values all repeat earlier ones',
    `dead_letter` UInt64 COMMENT 'Events (or whole records) refused',
    `points` UInt64 COMMENT 'Points (values) of accepted and late events, duplicates left out',
    `points_invalid` UInt64 COMMENT 'Points kept out of windows because their flag says that nothing was measured',
    `points_duplicate` UInt64 COMMENT 'Points left out because an earlier one has their asset, metric and event time',
    `compliance_late` UInt64 COMMENT 'Points that came too late for the minute of a rule',
    `gaps` UInt64 COMMENT 'Offsets that hold no record to read: transaction markers, aborted records',
    `skipped` UInt64 COMMENT 'Records that the log had deleted before they could be read',
    `windowed` Map(LowCardinality(String), UInt64) COMMENT 'Points that went into windows, by name of the window',
    `windows_closed` Map(LowCardinality(String), UInt64) COMMENT 'Windows closed, by name of the window',
    `windows_open` Map(LowCardinality(String), UInt64) COMMENT 'Windows open at next_offset, by name of the window',
    `late_points` Map(LowCardinality(String), UInt64) COMMENT 'Points too late for a window, by name of the window',
    `left_out` Map(LowCardinality(String), Int64) COMMENT 'Points that came when the window was not yet declared, or otherwise, by name of the window; below 0 where they went into more windows than they would now',
    `points_in_open_windows` Map(LowCardinality(String), UInt64) COMMENT 'Points in windows that are open at next_offset, by name of the window',
    `aggregates` UInt64 COMMENT 'Rows of aggregates emitted',
    `anomalies` UInt64 COMMENT 'Rows of anomalies emitted',
    `conditions` UInt64 COMMENT 'Conditions of alarms that came on or went off, each sent to alarm.actions',
    `levels` UInt64 COMMENT 'Readings that playbooks need, each sent to alarm.actions',
    `acks` UInt64 COMMENT 'Acknowledgements of adjustments, each sent on to alarm.actions',
    `feedback` UInt64 COMMENT 'Rows of feedback emitted',
    `alarms` UInt64 COMMENT 'Rows of alarms emitted',
    `adjustments` UInt64 COMMENT 'Rows of adjustments emitted',
    `compliance` UInt64 COMMENT 'Rows of compliance emitted',
    `headroom` UInt64 COMMENT 'Rows of headroom emitted',
    `emitted_mass` UInt64 COMMENT 'Rows of emitted_mass emitted',
    `dead_letters` UInt64 COMMENT 'Rows of dead_letters emitted',
    `rows` Map(LowCardinality(String), UInt64) COMMENT 'Rows emitted by table, of production, quality and logistics',
    `broker_ts` DateTime64(3, 'UTC') COMMENT 'Timestamp that the broker holds for the last record, UTC'
)
COMMENT 'Cumulative counts of one source partition at a position of its log; true whoever wrote the row'
AS SELECT
    topology,
    topic,
    partition,
    next_offset,
    changes,
    settled,
    first_offset,
    records,
    events,
    accepted,
    late,
    duplicate,
    dead_letter,
    points,
    points_invalid,
    points_duplicate,
    compliance_late,
    gaps,
    skipped,
    windowed,
    windows_closed,
    windows_open,
    late_points,
    left_out,
    points_in_open_windows,
    aggregates,
    anomalies,
    conditions,
    levels,
    acks,
    feedback,
    alarms,
    adjustments,
    compliance,
    headroom,
    emitted_mass,
    dead_letters,
    rows,
    broker_ts
FROM headrace_store.ledger
FINAL;

CREATE VIEW headrace.line_oee_by_day
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
COMMENT 'OEE of each line by production day: its machines together, weighted by their times'
AS SELECT
    topology,
    site,
    line,
    toDate(slice.day) AS day,
    sum(slice.planned_ms) AS planned_ms,
    sum(slice.production_ms) AS production_ms,
    sum(slice.setup_ms) AS setup_ms,
    sum(slice.standby_ms) AS standby_ms,
    sum(slice.down_ms) AS down_ms,
    sum(slice.planned_stop_ms) AS planned_stop_ms,
    sum(slice.unknown_ms) AS unknown_ms,
    sum(slice.good) AS good,
    sum(slice.rejected) AS rejected,
    sum(slice.ideal_ms) AS ideal_ms,
    sum(ifNull(slice.planned_ms / slice.ideal_cycle_ms, 0)) AS target,
    sum(slice.micro_stops) AS micro_stops,
    sum(slice.micro_stop_ms) AS micro_stop_ms,
    sum(slice.failures) AS failures,
    production_ms / nullIf(planned_ms, 0) AS availability,
    ideal_ms / nullIf(sumIf(slice.production_ms, slice.ideal_cycle_ms IS NOT NULL), 0) AS performance,
    good / nullIf(good + rejected, 0) AS quality,
    if((planned_ms > 0) AND ((good + rejected) = 0), 0, (availability * performance) * quality) AS oee
FROM headrace_store.oee AS slice
FINAL
WHERE line != ''
GROUP BY
    topology,
    site,
    line,
    day;

CREATE VIEW headrace.line_oee_by_shift
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
COMMENT 'OEE of each line by shift: its machines together, weighted by their times'
AS SELECT
    topology,
    site,
    line,
    toDate(slice.day) AS day,
    shift,
    shift_start,
    sum(slice.planned_ms) AS planned_ms,
    sum(slice.production_ms) AS production_ms,
    sum(slice.setup_ms) AS setup_ms,
    sum(slice.standby_ms) AS standby_ms,
    sum(slice.down_ms) AS down_ms,
    sum(slice.planned_stop_ms) AS planned_stop_ms,
    sum(slice.unknown_ms) AS unknown_ms,
    sum(slice.good) AS good,
    sum(slice.rejected) AS rejected,
    sum(slice.ideal_ms) AS ideal_ms,
    sum(ifNull(slice.planned_ms / slice.ideal_cycle_ms, 0)) AS target,
    sum(slice.micro_stops) AS micro_stops,
    sum(slice.micro_stop_ms) AS micro_stop_ms,
    sum(slice.failures) AS failures,
    production_ms / nullIf(planned_ms, 0) AS availability,
    ideal_ms / nullIf(sumIf(slice.production_ms, slice.ideal_cycle_ms IS NOT NULL), 0) AS performance,
    good / nullIf(good + rejected, 0) AS quality,
    if((planned_ms > 0) AND ((good + rejected) = 0), 0, (availability * performance) * quality) AS oee
FROM headrace_store.oee AS slice
FINAL
WHERE line != ''
GROUP BY
    topology,
    site,
    line,
    day,
    shift,
    shift_start;

CREATE VIEW headrace.move_times
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
COMMENT 'How long moves take, by route and hour'
AS SELECT
    toStartOfHour(ts) AS hour,
    site,
    asset,
    source,
    destination,
    count() AS moves,
    sum(move.pieces) AS pieces,
    avg(duration_ms) / 1000 AS mean_s,
    quantileExactInclusive(0.5)(duration_ms) / 1000 AS p50_s,
    quantileExactInclusive(0.95)(duration_ms) / 1000 AS p95_s,
    topology
FROM headrace_store.moves AS move
FINAL
GROUP BY
    topology,
    site,
    asset,
    source,
    destination,
    hour;

CREATE VIEW headrace.moves
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log',
    `ts` DateTime64(3, 'UTC') COMMENT 'When it arrived, event time, UTC',
    `departed` DateTime64(3, 'UTC') COMMENT 'When it left, UTC',
    `duration_ms` Int64 COMMENT 'From one to the other, milliseconds',
    `site` LowCardinality(String) COMMENT 'The factory',
    `asset` LowCardinality(String) COMMENT 'The store: a yard or a rack',
    `item` String COMMENT 'What was carried',
    `source` LowCardinality(String) COMMENT 'Where from',
    `destination` LowCardinality(String) COMMENT 'Where to',
    `carrier` LowCardinality(String) COMMENT 'What carried it; empty if that is not known',
    `pieces` Int64 COMMENT 'Pieces carried',
    `items_at_source` Int64 COMMENT 'Items that lie at the source afterwards',
    `items_at_destination` Int64 COMMENT 'Items that lie at the destination afterwards, this one among them; 0 for an exit',
    `has_left` UInt8 COMMENT '1 if the destination is an exit: the item does not wait there for anything, else 0',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: logistics.events',
    `partition` Int32 COMMENT 'Partition of that topic',
    `offset` Int64 COMMENT 'Offset of the record in its partition'
)
COMMENT 'What was carried from place to place, and how many items lie at both places afterwards'
AS SELECT
    id,
    ts,
    departed,
    duration_ms,
    site,
    asset,
    item,
    source,
    destination,
    carrier,
    pieces,
    items_at_source,
    items_at_destination,
    has_left,
    topology,
    topic,
    partition,
    offset
FROM headrace_store.moves
FINAL;

CREATE VIEW headrace.oee
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine',
    `window_start` DateTime64(3, 'UTC') COMMENT 'First moment of the minute, inclusive, event time, UTC',
    `window_end` DateTime64(3, 'UTC') COMMENT 'End of the minute, exclusive, event time, UTC',
    `line` LowCardinality(String) COMMENT 'Line of the machine; empty if it is in none',
    `shift` LowCardinality(String) COMMENT 'Name of the shift; empty between shifts',
    `shift_start` DateTime64(3, 'UTC') COMMENT 'When the shift began, UTC; between shifts, when the pause between them did, or the day',
    `day` LowCardinality(String) COMMENT 'Local date on which the shift began, such as 2026-11-27: the production day',
    `order` LowCardinality(String) COMMENT 'Number of the order; empty if none was told',
    `product` LowCardinality(String) COMMENT 'What is made; empty if no order was told',
    `state` LowCardinality(String) COMMENT 'State at the end; empty if it is not known',
    `reason` LowCardinality(String) COMMENT 'Reason of the state, if one was given',
    `state_since` DateTime64(3, 'UTC') COMMENT 'When that state began, event time, UTC',
    `planned_ms` Int64 COMMENT 'Planned busy time: production, setup, standby and down together, milliseconds',
    `production_ms` Int64 COMMENT 'Actual production time, milliseconds',
    `setup_ms` Int64 COMMENT 'Actual unit setup time, milliseconds',
    `standby_ms` Int64 COMMENT 'Ready and not working, in planned busy time, milliseconds',
    `down_ms` Int64 COMMENT 'Out of order, in planned busy time, milliseconds',
    `planned_stop_ms` Int64 COMMENT 'Time in which no work was planned: breaks, between shifts, states of category planned, milliseconds',
    `unknown_ms` Int64 COMMENT 'Time in which the state was not known; no planned busy time, milliseconds',
    `good` Int64 COMMENT 'Items within specification',
    `rejected` Int64 COMMENT 'Items that are not',
    `ideal_ms` Float64 COMMENT 'Planned run time per item x produced quantity, milliseconds',
    `ideal_cycle_ms` Nullable(Float64) COMMENT 'Planned run time per item, milliseconds; NULL without an order',
    `order_quantity` Int64 COMMENT 'Items that the order wants of this machine; 0 if that is not known',
    `micro_stops` Int64 COMMENT 'Micro-stops that ended here',
    `micro_stop_ms` Int64 COMMENT 'Planned busy time lost to them, milliseconds',
    `failures` Int64 COMMENT 'Failures that ended here',
    `availability` Nullable(Float64) COMMENT 'Actual production time / planned busy time, no unit; NULL where that is 0',
    `performance` Nullable(Float64) COMMENT 'Effectiveness: planned run time per item x produced quantity / actual production time, no unit; NULL where that is 0 or there is no order',
    `quality` Nullable(Float64) COMMENT 'Good quantity / produced quantity, no unit; NULL where that is 0',
    `oee` Nullable(Float64) COMMENT 'Availability x performance x quality, no unit; 0 where planned busy time brought nothing, NULL where one of them is not known',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic',
    `partition` Int32 COMMENT 'Partition of the source topic',
    `offset` Int64 COMMENT 'Offset of the record that closed the minute'
)
COMMENT 'What each machine did in each minute, for each order: inputs and results of OEE after ISO 22400'
AS SELECT
    id,
    site,
    asset,
    window_start,
    window_end,
    line,
    shift,
    shift_start,
    day,
    order,
    product,
    state,
    reason,
    state_since,
    planned_ms,
    production_ms,
    setup_ms,
    standby_ms,
    down_ms,
    planned_stop_ms,
    unknown_ms,
    good,
    rejected,
    ideal_ms,
    ideal_cycle_ms,
    order_quantity,
    micro_stops,
    micro_stop_ms,
    failures,
    availability,
    performance,
    quality,
    oee,
    topology,
    topic,
    partition,
    offset
FROM headrace_store.oee
FINAL;

CREATE VIEW headrace.oee_by_day
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
COMMENT 'OEE of each machine by production day, with its inputs'
AS SELECT
    topology,
    site,
    line,
    asset,
    toDate(slice.day) AS day,
    sum(slice.planned_ms) AS planned_ms,
    sum(slice.production_ms) AS production_ms,
    sum(slice.setup_ms) AS setup_ms,
    sum(slice.standby_ms) AS standby_ms,
    sum(slice.down_ms) AS down_ms,
    sum(slice.planned_stop_ms) AS planned_stop_ms,
    sum(slice.unknown_ms) AS unknown_ms,
    sum(slice.good) AS good,
    sum(slice.rejected) AS rejected,
    sum(slice.ideal_ms) AS ideal_ms,
    sum(ifNull(slice.planned_ms / slice.ideal_cycle_ms, 0)) AS target,
    sum(slice.micro_stops) AS micro_stops,
    sum(slice.micro_stop_ms) AS micro_stop_ms,
    sum(slice.failures) AS failures,
    production_ms / nullIf(planned_ms, 0) AS availability,
    ideal_ms / nullIf(sumIf(slice.production_ms, slice.ideal_cycle_ms IS NOT NULL), 0) AS performance,
    good / nullIf(good + rejected, 0) AS quality,
    if((planned_ms > 0) AND ((good + rejected) = 0), 0, (availability * performance) * quality) AS oee
FROM headrace_store.oee AS slice
FINAL
GROUP BY
    topology,
    site,
    line,
    asset,
    day;

CREATE VIEW headrace.oee_by_hour
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
COMMENT 'OEE of each machine by hour, with its inputs'
AS SELECT
    topology,
    site,
    line,
    asset,
    toDateTime64(toStartOfHour(window_start), 3, 'UTC') AS hour,
    sum(slice.planned_ms) AS planned_ms,
    sum(slice.production_ms) AS production_ms,
    sum(slice.setup_ms) AS setup_ms,
    sum(slice.standby_ms) AS standby_ms,
    sum(slice.down_ms) AS down_ms,
    sum(slice.planned_stop_ms) AS planned_stop_ms,
    sum(slice.unknown_ms) AS unknown_ms,
    sum(slice.good) AS good,
    sum(slice.rejected) AS rejected,
    sum(slice.ideal_ms) AS ideal_ms,
    sum(ifNull(slice.planned_ms / slice.ideal_cycle_ms, 0)) AS target,
    sum(slice.micro_stops) AS micro_stops,
    sum(slice.micro_stop_ms) AS micro_stop_ms,
    sum(slice.failures) AS failures,
    production_ms / nullIf(planned_ms, 0) AS availability,
    ideal_ms / nullIf(sumIf(slice.production_ms, slice.ideal_cycle_ms IS NOT NULL), 0) AS performance,
    good / nullIf(good + rejected, 0) AS quality,
    if((planned_ms > 0) AND ((good + rejected) = 0), 0, (availability * performance) * quality) AS oee
FROM headrace_store.oee AS slice
FINAL
GROUP BY
    topology,
    site,
    line,
    asset,
    hour;

CREATE VIEW headrace.oee_by_shift
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
COMMENT 'OEE of each machine by shift, with its inputs'
AS SELECT
    topology,
    site,
    line,
    asset,
    toDate(slice.day) AS day,
    shift,
    shift_start,
    sum(slice.planned_ms) AS planned_ms,
    sum(slice.production_ms) AS production_ms,
    sum(slice.setup_ms) AS setup_ms,
    sum(slice.standby_ms) AS standby_ms,
    sum(slice.down_ms) AS down_ms,
    sum(slice.planned_stop_ms) AS planned_stop_ms,
    sum(slice.unknown_ms) AS unknown_ms,
    sum(slice.good) AS good,
    sum(slice.rejected) AS rejected,
    sum(slice.ideal_ms) AS ideal_ms,
    sum(ifNull(slice.planned_ms / slice.ideal_cycle_ms, 0)) AS target,
    sum(slice.micro_stops) AS micro_stops,
    sum(slice.micro_stop_ms) AS micro_stop_ms,
    sum(slice.failures) AS failures,
    production_ms / nullIf(planned_ms, 0) AS availability,
    ideal_ms / nullIf(sumIf(slice.production_ms, slice.ideal_cycle_ms IS NOT NULL), 0) AS performance,
    good / nullIf(good + rejected, 0) AS quality,
    if((planned_ms > 0) AND ((good + rejected) = 0), 0, (availability * performance) * quality) AS oee
FROM headrace_store.oee AS slice
FINAL
GROUP BY
    topology,
    site,
    line,
    asset,
    day,
    shift,
    shift_start;

CREATE VIEW headrace.oee_now
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
COMMENT 'Each machine that was heard of in two days: its state, and the OEE of its running shift so far'
AS SELECT
    topology,
    site,
    line,
    asset,
    argMax(slice.state, place) AS state,
    argMax(slice.reason, place) AS reason,
    argMax(slice.state_since, place) AS state_since,
    argMax(slice.order, place) AS order,
    argMax(slice.product, place) AS product,
    max(window_end) AS until,
    shift,
    shift_start,
    sum(slice.planned_ms) AS planned_ms,
    sum(slice.production_ms) AS production_ms,
    sum(slice.setup_ms) AS setup_ms,
    sum(slice.standby_ms) AS standby_ms,
    sum(slice.down_ms) AS down_ms,
    sum(slice.planned_stop_ms) AS planned_stop_ms,
    sum(slice.unknown_ms) AS unknown_ms,
    sum(slice.good) AS good,
    sum(slice.rejected) AS rejected,
    sum(slice.ideal_ms) AS ideal_ms,
    sum(ifNull(slice.planned_ms / slice.ideal_cycle_ms, 0)) AS target,
    sum(slice.micro_stops) AS micro_stops,
    sum(slice.micro_stop_ms) AS micro_stop_ms,
    sum(slice.failures) AS failures,
    production_ms / nullIf(planned_ms, 0) AS availability,
    ideal_ms / nullIf(sumIf(slice.production_ms, slice.ideal_cycle_ms IS NOT NULL), 0) AS performance,
    good / nullIf(good + rejected, 0) AS quality,
    if((planned_ms > 0) AND ((good + rejected) = 0), 0, (availability * performance) * quality) AS oee
FROM
(
    SELECT
        *,
        (window_start, partition, length(id), id) AS place
    FROM headrace_store.oee
    FINAL
    WHERE window_start > (now() - toIntervalDay(2))
) AS slice
GROUP BY
    topology,
    site,
    line,
    asset,
    shift,
    shift_start
ORDER BY until DESC
LIMIT 1 BY
    topology,
    site,
    asset;

CREATE VIEW headrace.orders
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
COMMENT 'Each order at each machine: what was made of it, how fast, and when it will be done'
AS SELECT
    topology,
    site,
    asset,
    order,
    product,
    min(window_start) AS began,
    max(window_end) AS until,
    argMax(slice.order_quantity, (window_start, partition, offset)) AS order_quantity,
    sum(slice.good) AS good,
    sum(slice.rejected) AS rejected,
    greatest(order_quantity - good, 0) AS remaining,
    sum(planned_ms + planned_stop_ms) AS worked_ms,
    (good * 3600000) / nullIf(worked_ms, 0) AS rate,
    sum(ifNull(planned_ms / ideal_cycle_ms, 0)) AS target,
    if((order_quantity = 0) OR ((remaining / rate) > 876600), NULL, addMilliseconds(until, toInt64((remaining * 3600000) / nullIf(rate, 0)))) AS expected_end
FROM headrace_store.oee AS slice
FINAL
WHERE order != ''
GROUP BY
    topology,
    site,
    asset,
    order,
    product;

CREATE VIEW headrace.pick_lists
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log',
    `ts` DateTime64(3, 'UTC') COMMENT 'Event time of the list, UTC',
    `site` LowCardinality(String) COMMENT 'The factory',
    `asset` LowCardinality(String) COMMENT 'The store: a yard or a rack',
    `order` String COMMENT 'Cutting order',
    `line` Int64 COMMENT 'Position of the line in its list, from 0',
    `bin` LowCardinality(String) COMMENT 'Where the pieces are to be taken',
    `grade` LowCardinality(String) COMMENT 'Grade of the steel',
    `section` LowCardinality(String) COMMENT 'Section',
    `length_mm` Int64 COMMENT 'Length of a piece, mm',
    `heat` LowCardinality(String) COMMENT 'Heat number',
    `pieces` Int64 COMMENT 'Pieces to be taken',
    `cuts_mm` String COMMENT 'Lengths that are cut from each piece, mm: a JSON array',
    `cut_mm` Int64 COMMENT 'Sum of these lengths times pieces, mm',
    `waste_mm` Int64 COMMENT 'Length of the whole list that is lost, mm; the same in each of its lines',
    `by` LowCardinality(String) COMMENT 'Who made the list',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: logistics.events',
    `partition` Int32 COMMENT 'Partition of that topic',
    `offset` Int64 COMMENT 'Offset of the record in its partition'
)
COMMENT 'Lines of pick lists: what robots are to fetch for cutting orders'
AS SELECT
    id,
    ts,
    site,
    asset,
    order,
    line,
    bin,
    grade,
    section,
    length_mm,
    heat,
    pieces,
    cuts_mm,
    cut_mm,
    waste_mm,
    by,
    topology,
    topic,
    partition,
    offset
FROM headrace_store.pick_lists
FINAL;

CREATE VIEW headrace.pick_progress
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
COMMENT 'How far the newest pick list of each cutting order has been picked, bin by bin'
AS WITH
    newest AS
    (
        SELECT
            topology,
            site,
            asset,
            order,
            max((ts, partition, offset)) AS place
        FROM headrace_store.pick_lists
        GROUP BY
            topology,
            site,
            asset,
            order
    )
SELECT
    wanted.order AS order,
    wanted.list_ts AS ts,
    wanted.site AS site,
    wanted.asset AS asset,
    wanted.bin AS bin,
    wanted.kind.1 AS grade,
    wanted.kind.2 AS section,
    wanted.kind.3 AS length_mm,
    wanted.kind.4 AS heat,
    wanted.lines AS lines,
    wanted.total AS pieces,
    taken.total AS picked,
    wanted.total - taken.total AS open,
    wanted.topology AS topology
FROM
(
    SELECT
        topology,
        site,
        asset,
        order,
        bin,
        max(ts) AS list_ts,
        count() AS lines,
        sum(pieces) AS total,
        any((grade, section, length_mm, heat)) AS kind
    FROM headrace_store.pick_lists
    FINAL
    WHERE (pieces > 0) AND ((topology, site, asset, order, (ts, partition, offset)) IN (
        SELECT *
        FROM newest
    ))
    GROUP BY
        topology,
        site,
        asset,
        order,
        bin
) AS wanted
LEFT JOIN
(
    SELECT
        topology,
        site,
        asset,
        order,
        bin,
        sum(counted) AS total
    FROM headrace_store.picks AS pick
    FINAL
    INNER JOIN newest USING (topology, site, asset, order)
    WHERE (pick.partition = (place.2)) AND (pick.offset > (place.3))
    GROUP BY
        topology,
        site,
        asset,
        order,
        bin
) AS taken USING (topology, site, asset, order, bin);

CREATE VIEW headrace.picking
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
COMMENT 'Each cutting order: its newest pick list, how far it has been picked, what was wrong, what is lost'
AS SELECT
    progress.order AS order,
    max(progress.ts) AS ts,
    progress.site AS site,
    progress.asset AS asset,
    sum(progress.lines) AS lines,
    count() AS bins,
    sum(progress.pieces) AS pieces,
    sum(progress.picked) AS picked,
    sum(progress.open) AS open,
    any(checked.wrong) AS wrong,
    any(list.cut) AS cut_mm,
    any(list.waste) AS waste_mm,
    any(list.waste) / (any(list.cut) + any(list.waste)) AS waste_share,
    progress.topology AS topology
FROM headrace.pick_progress AS progress
INNER JOIN
(
    SELECT
        topology,
        site,
        asset,
        order,
        sum(cut_mm) AS cut,
        any(waste_mm) AS waste
    FROM headrace_store.pick_lists
    FINAL
    GROUP BY
        topology,
        site,
        asset,
        order,
        ts,
        partition,
        offset
    ORDER BY
        ts DESC,
        partition DESC,
        offset DESC
    LIMIT 1 BY
        topology,
        site,
        asset,
        order
) AS list USING (topology, site, asset, order)
LEFT JOIN
(
    SELECT
        topology,
        site,
        asset,
        order,
        countIf(verdict != 'right') AS wrong
    FROM headrace_store.picks
    FINAL
    GROUP BY
        topology,
        site,
        asset,
        order
) AS checked USING (topology, site, asset, order)
GROUP BY
    topology,
    site,
    asset,
    order;

CREATE VIEW headrace.picks
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log',
    `ts` DateTime64(3, 'UTC') COMMENT 'Event time of the pick, UTC',
    `site` LowCardinality(String) COMMENT 'The factory',
    `asset` LowCardinality(String) COMMENT 'The store: a yard or a rack',
    `order` String COMMENT 'Cutting order that it was for',
    `robot` LowCardinality(String) COMMENT 'Who took the pieces',
    `bin` LowCardinality(String) COMMENT 'Where from',
    `grade` LowCardinality(String) COMMENT 'Grade of the steel, as read off or measured',
    `section` LowCardinality(String) COMMENT 'Section, as read off or measured',
    `length_mm` Int64 COMMENT 'Length of a piece, as read off or measured, mm',
    `heat` LowCardinality(String) COMMENT 'Heat number, as read off or measured',
    `pieces` Int64 COMMENT 'Pieces that were taken',
    `counted` Int64 COMMENT 'Pieces of them that the pick list wanted',
    `verdict` LowCardinality(String) COMMENT 'right, no_list, not_listed, wrong_bin, wrong_section, wrong_grade, wrong_length, wrong_heat or too_many',
    `reason` String COMMENT 'What was taken and what was wanted, in one sentence; empty if it was right',
    `wanted_bin` LowCardinality(String) COMMENT 'Bin of the nearest line of the pick list; empty if there is none',
    `wanted_grade` LowCardinality(String) COMMENT 'Grade that it wants',
    `wanted_section` LowCardinality(String) COMMENT 'Section that it wants',
    `wanted_length_mm` Nullable(Float64) COMMENT 'Length of a piece that it wants, mm; NULL if there is no such line',
    `wanted_heat` LowCardinality(String) COMMENT 'Heat number that it wants',
    `wanted_pieces` Nullable(Float64) COMMENT 'Pieces that were still to be taken from its bin before the pick; NULL if there is no such line',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: logistics.events',
    `partition` Int32 COMMENT 'Partition of that topic',
    `offset` Int64 COMMENT 'Offset of the record in its partition'
)
COMMENT 'What robots took, and whether it was what the pick list wanted'
AS SELECT
    id,
    ts,
    site,
    asset,
    order,
    robot,
    bin,
    grade,
    section,
    length_mm,
    heat,
    pieces,
    counted,
    verdict,
    reason,
    wanted_bin,
    wanted_grade,
    wanted_section,
    wanted_length_mm,
    wanted_heat,
    wanted_pieces,
    topology,
    topic,
    partition,
    offset
FROM headrace_store.picks
FINAL;

CREATE VIEW headrace.queues
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
COMMENT 'Items that wait at each place; one that has not moved for 14 days is not waited for any more'
AS SELECT
    site,
    asset,
    destination AS place,
    count() AS items,
    sum(carried) AS pieces,
    min(arrived) AS oldest,
    argMin(item, (arrived, item)) AS oldest_item,
    dateDiff('millisecond', min(arrived), now64(3)) / 1000 AS waits_s,
    topology
FROM
(
    SELECT
        topology,
        site,
        asset,
        item,
        destination,
        ts AS arrived,
        pieces AS carried,
        has_left,
        max(ts) OVER (PARTITION BY topology, site, asset) AS newest
    FROM headrace_store.moves
    FINAL
    ORDER BY
        ts DESC,
        offset DESC
    LIMIT 1 BY
        topology,
        site,
        asset,
        item
)
WHERE (NOT has_left) AND (arrived >= (newest - toIntervalDay(14)))
GROUP BY
    topology,
    site,
    asset,
    destination;

CREATE VIEW headrace.readings
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology that read the point',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine, stack or gateway that sent the point',
    `metric` LowCardinality(String) COMMENT 'What was measured; its unit is declared in the topology',
    `ts` DateTime64(3, 'UTC') COMMENT 'Event time, UTC, to the millisecond',
    `value` Float64 COMMENT 'Measured value, in the unit of the metric',
    `flag` LowCardinality(String) COMMENT 'Data flag of HJ 212: N normal, F stopped, M maintenance, S manual, D fault, C calibration, T over limit, B communication fault',
    `state` LowCardinality(String) COMMENT 'State of the machine as it reported it; empty if it reported none',
    `late` UInt8 COMMENT '1 if the point came too late for every window, else 0',
    `topic` LowCardinality(String) COMMENT 'Source topic',
    `partition` Int32 COMMENT 'Partition of the source topic',
    `offset` Int64 COMMENT 'Offset of the record in its partition',
    `index` UInt32 COMMENT 'Position of the event in its record; 0 unless the record is a frame of several'
)
COMMENT 'Every point that was accepted, as it was sent'
AS SELECT
    topology,
    site,
    asset,
    metric,
    ts,
    value,
    flag,
    state,
    late,
    topic,
    partition,
    offset,
    index
FROM headrace_store.readings
FINAL;

CREATE VIEW headrace.reliability
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
COMMENT 'How often machines failed and how long they took to repair; over several days, divide the sums'
AS SELECT
    topology,
    site,
    line,
    asset,
    toDate(both.day) AS day,
    sum(failed) AS failures,
    sum(both.production_ms) AS production_ms,
    sum(both.repair_ms) AS repair_ms,
    production_ms / nullIf(failures, 0) AS mtbf_ms,
    repair_ms / nullIf(failures, 0) AS mttr_ms
FROM
(
    SELECT
        topology,
        site,
        line,
        asset,
        day,
        production_ms,
        0 AS repair_ms,
        0 AS failed
    FROM headrace_store.oee
    FINAL
    UNION ALL
    SELECT
        topology,
        site,
        line,
        asset,
        day,
        0,
        duration_ms,
        1
    FROM headrace_store.stops
    FINAL
    WHERE failure
) AS both
GROUP BY
    topology,
    site,
    line,
    asset,
    day;

CREATE VIEW headrace.samples
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log',
    `ts` DateTime64(3, 'UTC') COMMENT 'When it was measured, event time, UTC',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine or inspection place that the sample belongs to',
    `product` LowCardinality(String) COMMENT 'What was made; empty if that was not said',
    `characteristic` LowCardinality(String) COMMENT 'What was measured',
    `unit` LowCardinality(String) COMMENT 'Unit of everything measured, as declared in the topology; empty if the characteristic is not declared',
    `order` String COMMENT 'Number of the order; empty if that was not said',
    `item` String COMMENT 'Which item, or the first of them; empty if that was not said',
    `n` Int64 COMMENT 'Number of values: size of the subgroup',
    `values` String COMMENT 'The values in the unit of the characteristic, joined with a blank',
    `mean` Float64 COMMENT 'Arithmetic mean of the values, in the unit of the characteristic',
    `minimum` Float64 COMMENT 'Smallest value, in the unit of the characteristic',
    `maximum` Float64 COMMENT 'Largest value, in the unit of the characteristic',
    `lower_spec` Nullable(Float64) COMMENT 'Lower specification limit, in the unit of the characteristic; NULL if there is none',
    `upper_spec` Nullable(Float64) COMMENT 'Upper specification limit, in the unit of the characteristic; NULL if there is none',
    `target` Nullable(Float64) COMMENT 'Nominal value, in the unit of the characteristic; NULL if there is none',
    `outside` Int64 COMMENT 'Number of values outside the specification limits',
    `late` UInt8 COMMENT '1 if a newer sample of the series came first: it is on no chart and in no capability; else 0',
    `capability_values` Int64 COMMENT 'Number of newest values that capability is taken over, those of this sample included',
    `cp` Nullable(Float64) COMMENT 'Capability index Cp, spread within subgroups, no unit; NULL if it is not defined',
    `cpk` Nullable(Float64) COMMENT 'Capability index Cpk, spread within subgroups, no unit; NULL if it is not defined',
    `pp` Nullable(Float64) COMMENT 'Performance index Pp, overall spread, no unit; NULL if it is not defined',
    `ppk` Nullable(Float64) COMMENT 'Performance index Ppk, overall spread, no unit; NULL if it is not defined',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: quality.events',
    `partition` Int32 COMMENT 'Partition of the source topic',
    `offset` Int64 COMMENT 'Offset of the record in its partition'
)
COMMENT 'Samples as they came, each with the capability of its characteristic at that moment'
AS SELECT
    id,
    ts,
    site,
    asset,
    product,
    characteristic,
    unit,
    order,
    item,
    n,
    `values`,
    mean,
    minimum,
    maximum,
    lower_spec,
    upper_spec,
    target,
    outside,
    late,
    capability_values,
    cp,
    cpk,
    pp,
    ppk,
    topology,
    topic,
    partition,
    offset
FROM headrace_store.samples
FINAL;

CREATE VIEW headrace.savings
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
COMMENT 'What each day and month saved against the baseline, with everything that goes into it'
AS SELECT
    topology,
    site,
    span.1 AS period,
    span.2 AS start,
    any(currency) AS currency,
    sum(day_energy) AS energy,
    sum(day_reagent) AS reagent,
    sum(day_scrap) AS scrap,
    sum(day_downtime) AS downtime,
    sum(day_labour) AS labour,
    (((energy + reagent) + scrap) + downtime) + labour AS money,
    sum(day_good) AS good,
    sum(day_hours) AS hours,
    money / nullIf(good, 0) AS money_per_good,
    good / nullIf(hours, 0) AS good_per_hour,
    if(any(first_day) = '', NULL, any(then_money)) AS baseline_money,
    if(any(first_day) = '', NULL, any(then_good)) AS baseline_good,
    if(any(first_day) = '', NULL, any(then_hours)) AS baseline_hours,
    coalesce(any(given_money_per_good), baseline_money / nullIf(baseline_good, 0)) AS baseline_money_per_good,
    coalesce(any(given_good_per_hour), baseline_good / nullIf(baseline_hours, 0)) AS baseline_good_per_hour,
    baseline_money_per_good - money_per_good AS saving_per_good,
    saving_per_good * good AS saving,
    any(year) AS hours_per_year,
    (saving_per_good * good_per_hour) * hours_per_year AS saving_per_year,
    good_per_hour - baseline_good_per_hour AS capacity_change,
    capacity_change / baseline_good_per_hour AS capacity_change_share
FROM
(
    SELECT
        *,
        (first_day != '') AND ((toString(day) >= first_day) AND (toString(day) <= last_day)) AS then,
        sumIf((((day_energy + day_reagent) + day_scrap) + day_downtime) + day_labour, then) OVER (PARTITION BY topology, site) AS then_money,
        sumIf(day_good, then) OVER (PARTITION BY topology, site) AS then_good,
        sumIf(day_hours, then) OVER (PARTITION BY topology, site) AS then_hours
    FROM
    (
        SELECT
            topology,
            site,
            day,
            sumIf(cost, kind = 'energy') AS day_energy,
            sumIf(cost, kind = 'reagent') AS day_reagent,
            sumIf(cost, kind = 'scrap') AS day_scrap,
            sumIf(cost, kind = 'downtime') AS day_downtime,
            sumIf(cost, kind = 'labour') AS day_labour,
            sum(items) AS day_good,
            sum(busy) / 3600000 AS day_hours
        FROM
        (
            SELECT
                topology,
                site,
                day,
                kind,
                money AS cost,
                toInt64(0) AS items,
                toInt64(0) AS busy
            FROM headrace.costs_per_hour
            UNION ALL
            SELECT
                topology,
                site,
                toDate(window_start + toIntervalMinute(any(utc_offset))) AS day,
                '' AS kind,
                toFloat64(0) AS cost,
                sum(made) AS items,
                max(planned) AS busy
            FROM
            (
                SELECT
                    topology,
                    site,
                    window_start,
                    any(utc_offset_minutes) AS utc_offset,
                    sum(good) AS made,
                    sum(planned_ms) AS planned
                FROM
                (
                    SELECT *
                    FROM headrace_store.oee
                    FINAL
                ) AS slice
                INNER JOIN
                (
                    SELECT
                        topology,
                        site,
                        utc_offset_minutes,
                        output
                    FROM headrace_store.baselines
                    FINAL
                    WHERE isNull(valid_to)
                ) AS valid USING (topology, site)
                WHERE has(output, asset)
                GROUP BY
                    topology,
                    site,
                    window_start,
                    asset
            )
            GROUP BY
                topology,
                site,
                window_start
        )
        GROUP BY
            topology,
            site,
            day
    ) AS daily
    INNER JOIN
    (
        SELECT
            topology,
            site,
            currency,
            first_day,
            last_day,
            hours_per_year AS year,
            money_per_good AS given_money_per_good,
            good_per_hour AS given_good_per_hour
        FROM headrace_store.baselines
        FINAL
        WHERE isNull(valid_to)
    ) AS valid USING (topology, site)
)
ARRAY JOIN [('day', day), ('month', toStartOfMonth(day))] AS span
GROUP BY
    topology,
    site,
    span;

CREATE VIEW headrace.scorecard
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
COMMENT 'What a bank asks of a supplier, by month: volume, growth, returns, delays, concentration, scans'
AS WITH
    arraySort(groupArrayIf(tuple(-toInt64(parcels), receiver), (of = 'shipped') AND (receiver != ''))) AS by_receiver,
    -arraySum(by_receiver.1) AS all_parcels
SELECT
    topology,
    enterprise,
    month,
    uniqExactMergeIf(things, of = 'commissioned') AS commissioned,
    uniqExactMergeIf(things, of = 'shipped') AS shipped,
    uniqExactMergeIf(things, of = 'sold') AS sold,
    uniqExactMergeIf(things, of = 'returned') AS returned,
    (commissioned / nullIf(uniqExactMergeIf(things, of = 'commissioned before'), 0)) - 1 AS commissioned_growth,
    (shipped / nullIf(uniqExactMergeIf(things, of = 'shipped before'), 0)) - 1 AS shipped_growth,
    (sold / nullIf(uniqExactMergeIf(things, of = 'sold before'), 0)) - 1 AS sold_growth,
    returned / nullIf(sold, 0) AS return_share,
    uniqExactMergeIf(things, of = 'received') AS received,
    uniqExactMergeIf(things, of = 'delayed') AS delayed,
    delayed / nullIf(received, 0) AS delayed_share,
    sumIf(total_hours, of = 'received') / nullIf(sumIf(rows, of = 'received'), 0) AS mean_transit_h,
    length(by_receiver) AS receivers,
    (by_receiver[1]).2 AS largest_receiver,
    (-((by_receiver[1]).1)) / nullIf(all_parcels, 0) AS largest_share,
    arraySum(one -> (one * one), by_receiver.1) / nullIf(all_parcels * all_parcels, 0) AS hhi,
    uniqExactMergeIf(things, of = 'scan') AS scans,
    uniqExactMergeIf(things, of = 'anomaly') AS anomalies
FROM
(
    SELECT
        topology,
        enterprise,
        month,
        of,
        receiver,
        count() AS rows,
        sum(hours) AS total_hours,
        uniqExact(item) AS parcels,
        uniqExactState(if((of IN ('scan', 'anomaly')), event, item)) AS things
    FROM
    (
        SELECT
            topology,
            enterprise,
            month,
            figure AS of,
            receiver,
            event,
            item,
            hours
        FROM headrace.scorecard_events
        UNION ALL
        SELECT
            topology,
            enterprise,
            month + toIntervalMonth(1) AS month,
            concat(figure, ' before') AS of,
            '',
            event,
            item,
            NULL
        FROM headrace.scorecard_events
    )
    GROUP BY
        topology,
        enterprise,
        month,
        of,
        receiver
)
GROUP BY
    topology,
    enterprise,
    month
HAVING countIf(NOT endsWith(of, ' before')) > 0;

CREATE VIEW headrace.scorecard_events
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
COMMENT 'What every figure of the scorecard counts: the events, and their items'
AS SELECT
    topology,
    enterprise,
    month,
    counted.1 AS figure,
    counted.2 AS event,
    item,
    product,
    counted.3 AS ts,
    if((figure IN ('shipped', 'received', 'delayed')), to, '') AS receiver,
    counted.4 AS hours
FROM
(
    SELECT
        topology,
        enterprise,
        month,
        item,
        product,
        own.1 AS at,
        own.2 AS hash,
        own.3 AS step,
        own.4 AS condition,
        own.5 AS act,
        own.6 AS to,
        coalesce(own.7, at + toIntervalDay(7)) AS until,
        if(step = 'shipping', arrayFirst(one -> ((one.1) > at), ways), tuple(at, '', '')) AS next,
        (toUnixTimestamp64Milli(next.1) - toUnixTimestamp64Milli(at)) / 3600000 AS transit,
        arrayFilter(one -> ((one.1) != ''), [tuple(if((step = 'commissioning') AND (act != 'DELETE'), 'commissioned', ''), hash, at, NULL), tuple(if((step = 'shipping') AND ((next.2) != 'void_shipping'), 'shipped', ''), hash, at, NULL), tuple(if((next.2) = 'receiving', 'received', ''), next.3, next.1, transit), tuple(if(((next.2) = 'receiving') AND ((next.1) > until), 'delayed', ''), next.3, next.1, transit), tuple(if((step = 'retail_selling') OR ((condition = 'retail_sold') AND (step = '')), 'sold', ''), hash, at, NULL), tuple(if(condition = 'returned', 'returned', ''), hash, at, NULL)]) AS all_counted
    FROM
    (
        SELECT
            topology,
            enterprise,
            month,
            item,
            product,
            groupArrayIf(tuple(ts, event, biz_step, disposition, action, receiver, due), later = 0) AS all_own,
            arraySort(groupArrayIf(tuple(ts, toString(biz_step), event), (biz_step IN ('shipping', 'receiving', 'void_shipping')))) AS ways
        FROM
        (
            SELECT
                *,
                0 AS later
            FROM headrace.item_events
            UNION ALL
            SELECT
                * REPLACE (month - toIntervalMonth(1) AS month),
                1
            FROM headrace.item_events
            WHERE biz_step IN ('shipping', 'receiving', 'void_shipping')
            UNION ALL
            SELECT
                * REPLACE (month - toIntervalMonth(2) AS month),
                2
            FROM headrace.item_events
            WHERE biz_step IN ('shipping', 'receiving', 'void_shipping')
        )
        GROUP BY
            topology,
            enterprise,
            month,
            item,
            product
    )
    ARRAY JOIN all_own AS own
)
ARRAY JOIN all_counted AS counted
UNION ALL
SELECT
    topology,
    enterprise,
    toStartOfMonth(ts) AS month,
    'scan',
    id,
    item,
    product,
    ts,
    '',
    NULL
FROM headrace_store.code_scans
FINAL
UNION ALL
SELECT
    topology,
    site AS enterprise,
    toStartOfMonth(ts) AS month,
    'anomaly',
    id,
    '',
    '',
    ts,
    '',
    NULL
FROM headrace_store.anomalies
FINAL
WHERE topic = 'trace.events';

CREATE VIEW headrace.sell_through
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `enterprise` LowCardinality(String) COMMENT 'Prefix of the enterprise',
    `month` Date COMMENT 'First day of the month, UTC',
    `product` String COMMENT 'What the items are; empty if their names do not say',
    `shipped` UInt64 COMMENT 'Items shipped in the month',
    `sold` UInt64 COMMENT 'Items sold in the month',
    `ratio` Nullable(Float64) COMMENT 'sold / shipped, no unit; NULL if nothing was shipped'
)
COMMENT 'How much of what is shipped is sold, by product and month'
AS SELECT
    topology,
    enterprise,
    month,
    product,
    uniqExactIf(item, figure = 'shipped') AS shipped,
    uniqExactIf(item, figure = 'sold') AS sold,
    sold / nullIf(shipped, 0) AS ratio
FROM headrace.scorecard_events
GROUP BY
    topology,
    enterprise,
    month,
    product
HAVING (shipped > 0) OR (sold > 0);

CREATE VIEW headrace.spc
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log',
    `ts` DateTime64(3, 'UTC') COMMENT 'When it was measured, event time, UTC',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine or inspection place that the chart belongs to',
    `product` LowCardinality(String) COMMENT 'What was made; empty if that was not said',
    `characteristic` LowCardinality(String) COMMENT 'What was measured; nonconforming for the share of items that did not pass inspection at once',
    `unit` LowCardinality(String) COMMENT 'Unit of value and limits: that of the characteristic, 1 for shares, sigma for cumulative sums',
    `chart` LowCardinality(String) COMMENT 'Line of the chart: xbar, range, individuals, moving_range, ewma, cusum_high, cusum_low or p',
    `n` Int64 COMMENT 'Number of values, or of items inspected, behind the point',
    `value` Float64 COMMENT 'What is plotted, in unit',
    `centre` Nullable(Float64) COMMENT 'Centre line, in unit; NULL while it is being learned',
    `lower` Nullable(Float64) COMMENT 'Lower control limit, in unit; NULL while it is being learned, and if there is none',
    `upper` Nullable(Float64) COMMENT 'Upper control limit, in unit; NULL while it is being learned',
    `phase` LowCardinality(String) COMMENT 'learning: the baseline is being learned and nothing is judged; monitoring: it is known',
    `rules` LowCardinality(String) COMMENT 'The rules that are violated at this point, joined with a blank; empty if none is',
    `order` String COMMENT 'Number of the order; empty if that was not said',
    `item` String COMMENT 'Which item, or the first of them; empty if that was not said',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: quality.events',
    `partition` Int32 COMMENT 'Partition of the source topic',
    `offset` Int64 COMMENT 'Offset of the record that brought the point'
)
COMMENT 'Points of control charts, with limits and violated rules'
AS SELECT
    id,
    ts,
    site,
    asset,
    product,
    characteristic,
    unit,
    chart,
    n,
    value,
    centre,
    lower,
    upper,
    phase,
    rules,
    order,
    item,
    topology,
    topic,
    partition,
    offset
FROM headrace_store.spc
FINAL;

CREATE VIEW headrace.spc_signals
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
COMMENT 'Points at which a rule is violated, one row a rule, for as long as it is'
AS SELECT
    topology,
    site,
    asset,
    product,
    characteristic,
    unit,
    chart,
    ts,
    value,
    centre,
    lower,
    upper,
    arrayJoin(splitByChar(' ', rules)) AS rule,
    order,
    item
FROM headrace_store.spc
FINAL
WHERE rules != '';

CREATE VIEW headrace.stock
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
COMMENT 'What lies in each bin now; empty bins are left out'
AS SELECT
    level.site AS site,
    level.asset AS asset,
    level.bin AS bin,
    level.grade AS grade,
    level.section AS section,
    level.length_mm AS length_mm,
    level.heat AS heat,
    level.pieces AS pieces,
    (level.pieces * level.length_mm) / 1000 AS metres,
    wanted.open AS reserved,
    greatest(level.pieces - wanted.open, 0) AS free,
    level.ts AS ts,
    level.topology AS topology
FROM
(
    SELECT *
    FROM headrace_store.stock_levels
    FINAL
    ORDER BY offset DESC
    LIMIT 1 BY
        topology,
        site,
        asset,
        bin
) AS level
LEFT JOIN
(
    SELECT
        topology,
        site,
        asset,
        bin,
        sum(open) AS open
    FROM headrace.pick_progress
    GROUP BY
        topology,
        site,
        asset,
        bin
) AS wanted USING (topology, site, asset, bin)
WHERE level.pieces > 0;

CREATE VIEW headrace.stock_levels
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log',
    `ts` DateTime64(3, 'UTC') COMMENT 'Event time of the change, UTC',
    `site` LowCardinality(String) COMMENT 'The factory',
    `asset` LowCardinality(String) COMMENT 'The store: a yard or a rack',
    `bin` LowCardinality(String) COMMENT 'Which bin',
    `grade` LowCardinality(String) COMMENT 'Grade of the steel',
    `section` LowCardinality(String) COMMENT 'Section',
    `length_mm` Int64 COMMENT 'Length of a piece, mm',
    `heat` LowCardinality(String) COMMENT 'Heat number',
    `pieces` Int64 COMMENT 'Pieces in the bin after the change',
    `change` Int64 COMMENT 'Pieces more than before the change, negative for fewer',
    `cause` LowCardinality(String) COMMENT 'arrival, stock_take or pick',
    `order` String COMMENT 'Cutting order of a pick; else empty',
    `by` LowCardinality(String) COMMENT 'Robot that picked, or who counted; else empty',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: logistics.events',
    `partition` Int32 COMMENT 'Partition of that topic',
    `offset` Int64 COMMENT 'Offset of the record in its partition'
)
COMMENT 'What each bin holds after each change'
AS SELECT
    id,
    ts,
    site,
    asset,
    bin,
    grade,
    section,
    length_mm,
    heat,
    pieces,
    change,
    cause,
    order,
    by,
    topology,
    topic,
    partition,
    offset
FROM headrace_store.stock_levels
FINAL;

CREATE VIEW headrace.stops
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine',
    `ts` DateTime64(3, 'UTC') COMMENT 'When it began, event time, UTC',
    `end` DateTime64(3, 'UTC') COMMENT 'When it was over, event time, UTC',
    `duration_ms` Int64 COMMENT 'From beginning to end, milliseconds',
    `lost_ms` Int64 COMMENT 'Planned busy time in it: without breaks and time between shifts, milliseconds',
    `line` LowCardinality(String) COMMENT 'Line of the machine; empty if it is in none',
    `state` LowCardinality(String) COMMENT 'The state',
    `reason` LowCardinality(String) COMMENT 'The last reason given while it lasted; empty if none was',
    `category` LowCardinality(String) COMMENT 'What the state counts as: setup, standby, down or planned',
    `micro` UInt8 COMMENT '1 if it is a standby or down shorter than micro_stop, else 0',
    `failure` UInt8 COMMENT '1 if it is a down that is not micro, else 0',
    `silent` UInt8 COMMENT '1 if it ends where the machine fell silent, so that it may have lasted longer, else 0',
    `shift` LowCardinality(String) COMMENT 'Shift in which it began; empty between shifts',
    `shift_start` DateTime64(3, 'UTC') COMMENT 'When that shift began, UTC',
    `day` LowCardinality(String) COMMENT 'Local date on which that shift began, such as 2026-11-27',
    `order` LowCardinality(String) COMMENT 'Number of the order when it began; empty if none was told',
    `product` LowCardinality(String) COMMENT 'What was made; empty if no order was told',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic',
    `partition` Int32 COMMENT 'Partition of the source topic',
    `offset` Int64 COMMENT 'Offset of the record that ended it'
)
COMMENT 'Stops of machines that are over: how long each was, and why'
AS SELECT
    id,
    site,
    asset,
    ts,
    end,
    duration_ms,
    lost_ms,
    line,
    state,
    reason,
    category,
    micro,
    failure,
    silent,
    shift,
    shift_start,
    day,
    order,
    product,
    topology,
    topic,
    partition,
    offset
FROM headrace_store.stops
FINAL;

CREATE VIEW headrace.tariffs
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
    `valid_to` Nullable(DateTime64(3, 'UTC')) COMMENT 'Until when it was valid, exclusive, UTC; NULL while it is'
)
COMMENT 'What things cost, from when until when, as topologies declare it'
AS SELECT
    topology,
    site,
    tariff,
    kind,
    line,
    asset,
    metric,
    window,
    per_hour,
    product,
    other_products,
    shift,
    people,
    start_minute,
    end_minute,
    utc_offset_minutes,
    unit,
    price,
    currency,
    valid_from,
    valid_to
FROM headrace_store.tariffs
FINAL;

CREATE VIEW headrace.trace_events
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log',
    `event` String COMMENT 'Hash of the event, 64 hexadecimal digits; its id after CBV 2.0 is ni:///sha-256;<event>?ver=CBV2.0',
    `event_id` String COMMENT 'The id that whoever captured it gave it; empty if none',
    `ts` DateTime64(3, 'UTC') COMMENT 'When it happened, UTC',
    `zone` LowCardinality(String) COMMENT 'Offset of the local time from UTC there',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'Time of the broker when it was captured, UTC',
    `enterprise` LowCardinality(String) COMMENT 'Prefix of the enterprise',
    `type` LowCardinality(String) COMMENT 'ObjectEvent, AggregationEvent, TransactionEvent, TransformationEvent or AssociationEvent',
    `action` LowCardinality(String) COMMENT 'ADD, OBSERVE or DELETE; empty for transformations',
    `biz_step` LowCardinality(String) COMMENT 'What was done: a word of the Core Business Vocabulary, or a URI',
    `disposition` LowCardinality(String) COMMENT 'Condition of the items afterwards, likewise',
    `read_point` LowCardinality(String) COMMENT 'Where it was seen, a URI; urn:headrace:asset:<site>:<asset> is a machine',
    `biz_location` LowCardinality(String) COMMENT 'Where the items are afterwards, a URI',
    `transformation` String COMMENT 'Id that joins several events to one transformation',
    `items` String COMMENT 'The items that it is about, a JSON array; without those used up in it, and without amounts of a class; empty before there was this column',
    `runs` String COMMENT 'The codes that it names, also those used up in it: of each product first and last serial of each run, in turn, a JSON object of arrays; empty before there was this column',
    `receiver` LowCardinality(String) COMMENT 'Who the items go to: of destinationList the owning party, else the possessing party, else the location; empty if none',
    `due` Nullable(DateTime64(3, 'UTC')) COMMENT 'When they are to be received, headrace:due of the event, UTC; NULL if not said',
    `error_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'Where the event declares an earlier one wrong: when that was declared, UTC',
    `error_reason` LowCardinality(String) COMMENT 'Why that one was wrong',
    `late` UInt8 COMMENT '1 if it is too old to tell whether it was captured before, else 0',
    `body` String COMMENT 'The event itself, JSON',
    `site` LowCardinality(String) COMMENT 'Site of the machine where it happened; empty where the read point is none',
    `asset` LowCardinality(String) COMMENT 'That machine',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: trace.events',
    `partition` Int32 COMMENT 'Partition of that topic',
    `offset` Int64 COMMENT 'Offset of the record in its partition'
)
COMMENT 'Events of EPCIS 2.0'
AS SELECT
    id,
    event,
    event_id,
    ts,
    zone,
    recorded_at,
    enterprise,
    type,
    action,
    biz_step,
    disposition,
    read_point,
    biz_location,
    transformation,
    items,
    runs,
    receiver,
    due,
    error_at,
    error_reason,
    late,
    body,
    site,
    asset,
    topology,
    topic,
    partition,
    offset
FROM headrace_store.trace_events
FINAL;

CREATE VIEW headrace.trace_items
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log',
    `item` String COMMENT 'Which: the text of a code, the path of a GS1 Digital Link, or another URI',
    `role` LowCardinality(String) COMMENT 'What it is in the event: epc, parent, child, input or output',
    `ts` DateTime64(3, 'UTC') COMMENT 'When it happened, UTC',
    `event` String COMMENT 'Hash of the event, 64 hexadecimal digits; its id after CBV 2.0 is ni:///sha-256;<event>?ver=CBV2.0',
    `enterprise` LowCardinality(String) COMMENT 'Prefix of the enterprise',
    `type` LowCardinality(String) COMMENT 'ObjectEvent, AggregationEvent, TransactionEvent, TransformationEvent or AssociationEvent',
    `action` LowCardinality(String) COMMENT 'ADD, OBSERVE or DELETE; empty for transformations',
    `biz_step` LowCardinality(String) COMMENT 'What was done: a word of the Core Business Vocabulary, or a URI',
    `disposition` LowCardinality(String) COMMENT 'Condition of the items afterwards, likewise',
    `read_point` LowCardinality(String) COMMENT 'Where it was seen, a URI; urn:headrace:asset:<site>:<asset> is a machine',
    `quantity` Nullable(Float64) COMMENT 'How much of a class of items, in the unit uom; NULL for a single item',
    `uom` LowCardinality(String) COMMENT 'Unit after UN/CEFACT Recommendation 20; empty for a number of items',
    `error` UInt8 COMMENT '1 if the event declares an earlier one wrong, else 0',
    `link` String COMMENT 'What joins it to the other items of the event, by which they are found in trace_links; empty where nothing does',
    `site` LowCardinality(String) COMMENT 'Site of the machine where it happened; empty where the read point is none',
    `asset` LowCardinality(String) COMMENT 'That machine',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: trace.events',
    `partition` Int32 COMMENT 'Partition of that topic',
    `offset` Int64 COMMENT 'Offset of the record in its partition'
)
COMMENT 'Items and amounts of items, one row for each event that they are in'
AS SELECT
    id,
    item,
    role,
    ts,
    event,
    enterprise,
    type,
    action,
    biz_step,
    disposition,
    read_point,
    quantity,
    uom,
    error,
    link,
    site,
    asset,
    topology,
    topic,
    partition,
    offset
FROM headrace_store.trace_items
FINAL;

CREATE VIEW headrace.trace_links
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log',
    `link` String COMMENT 'The event, by its hash; of transformations that have an id, which may be several events, that id',
    `item` String COMMENT 'Which: the text of a code, the path of a GS1 Digital Link, or another URI',
    `role` LowCardinality(String) COMMENT 'What it is in the event: parent, child, input or output',
    `ts` DateTime64(3, 'UTC') COMMENT 'When it happened, UTC',
    `event` String COMMENT 'Hash of the event, 64 hexadecimal digits; its id after CBV 2.0 is ni:///sha-256;<event>?ver=CBV2.0',
    `enterprise` LowCardinality(String) COMMENT 'Prefix of the enterprise',
    `type` LowCardinality(String) COMMENT 'AggregationEvent, TransformationEvent or AssociationEvent',
    `action` LowCardinality(String) COMMENT 'ADD, OBSERVE or DELETE; empty for transformations',
    `biz_step` LowCardinality(String) COMMENT 'What was done: a word of the Core Business Vocabulary, or a URI',
    `quantity` Nullable(Float64) COMMENT 'How much of a class of items, in the unit uom; NULL for a single item',
    `uom` LowCardinality(String) COMMENT 'Unit after UN/CEFACT Recommendation 20; empty for a number of items',
    `error` UInt8 COMMENT '1 if the event declares an earlier one wrong, else 0',
    `site` LowCardinality(String) COMMENT 'Site of the machine where it happened; empty where the read point is none',
    `asset` LowCardinality(String) COMMENT 'That machine',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: trace.events',
    `partition` Int32 COMMENT 'Partition of that topic',
    `offset` Int64 COMMENT 'Offset of the record in its partition'
)
COMMENT 'Items that events join: made of one another, or put into one another'
AS SELECT
    id,
    link,
    item,
    role,
    ts,
    event,
    enterprise,
    type,
    action,
    biz_step,
    quantity,
    uom,
    error,
    site,
    asset,
    topology,
    topic,
    partition,
    offset
FROM headrace_store.trace_links
FINAL;

CREATE VIEW headrace.warranties
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `enterprise` LowCardinality(String) COMMENT 'Prefix of the enterprise',
    `item` String COMMENT 'Which: the text of a code, the path of a GS1 Digital Link, or another URI',
    `start` DateTime64(3, 'UTC') COMMENT 'When its warranty starts: its first sale, or its first scan if that was before or there was no sale, UTC',
    `by` LowCardinality(String) COMMENT 'What started it: sale or scan',
    `source` String COMMENT 'Hash of that event, or id of that scan'
)
COMMENT 'From when on the warranty of an item counts'
AS SELECT
    topology,
    enterprise,
    item,
    (min(began)).1 AS start,
    (min(began)).2 AS by,
    (min(began)).3 AS source
FROM
(
    SELECT
        topology,
        enterprise,
        item,
        tuple(any(ts), 'sale', event) AS began
    FROM headrace_store.trace_items
    FINAL
    WHERE ((biz_step = 'retail_selling') OR (disposition = 'retail_sold')) AND isNull(quantity) AND (uom = '')
    GROUP BY
        topology,
        enterprise,
        item,
        event
    HAVING max(error) = 0
    UNION ALL
    SELECT
        topology,
        enterprise,
        item,
        tuple(ts, 'scan', id)
    FROM headrace_store.code_scans
    FINAL
    WHERE found = 'genuine'
)
GROUP BY
    topology,
    enterprise,
    item;

CREATE TABLE headrace_store.adjustments
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log' CODEC(ZSTD(1)),
    `adjustment` String COMMENT 'Which adjustment: the same from its command to the verdict on it' CODEC(ZSTD(1)),
    `ts` DateTime64(3, 'UTC') COMMENT 'Time of the broker, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'The stack whose alarm is answered',
    `alarm` String COMMENT 'Id of the alarm that is answered' CODEC(ZSTD(1)),
    `playbook` LowCardinality(String) COMMENT 'Name of the playbook in the topology',
    `mode` LowCardinality(String) COMMENT 'advise or automatic; advise commands nothing',
    `target` LowCardinality(String) COMMENT 'The asset that has the set-point',
    `setpoint` LowCardinality(String) COMMENT 'Which set-point: a metric of that asset; its unit is declared in the topology',
    `direction` LowCardinality(String) COMMENT 'step answers the alarm, back winds back what was done',
    `before` Float64 COMMENT 'The set-point before, in its unit' CODEC(ZSTD(1)),
    `after` Float64 COMMENT 'The set-point wanted, in its unit; equal to before where nothing is wanted' CODEC(ZSTD(1)),
    `attempt` UInt32 COMMENT 'How often it has been commanded, or proposed, so far' CODEC(ZSTD(1)),
    `expires_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'A command must not be carried out after this, time of the broker, UTC; NULL for all else' CODEC(ZSTD(1)),
    `status` LowCardinality(String) COMMENT 'proposed, commanded, acknowledged, rejected, timed_out, effective, no_effect, blocked, escalated or settled',
    `reason` String COMMENT 'One sentence for people' CODEC(ZSTD(1)),
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: alarm.actions',
    `partition` Int32 COMMENT 'Partition of the source topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the record that brought it about' CODEC(Delta(8), ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
PRIMARY KEY (topology, site, asset, playbook, ts)
ORDER BY (topology, site, asset, playbook, ts, partition, offset, id)
TTL stored_at + toIntervalYear(10)
SETTINGS ttl_only_drop_parts = 1, index_granularity = 8192
COMMENT 'Adjustments of set-points by the control loop: what was commanded, and what became of it';

CREATE TABLE headrace_store.aggregates
(
    `id` String COMMENT 'Deterministic id of the window: the same for the same log' CODEC(ZSTD(1)),
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `window` LowCardinality(String) COMMENT 'Name of the window in the topology',
    `window_ms` UInt64 COMMENT 'Size of the window, milliseconds' CODEC(ZSTD(1)),
    `window_start` DateTime64(3, 'UTC') COMMENT 'First moment of the window, inclusive, event time, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `window_end` DateTime64(3, 'UTC') COMMENT 'End of the window, exclusive, event time, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine, stack or gateway that sent the points',
    `metric` LowCardinality(String) COMMENT 'What was measured; its unit is declared in the topology',
    `count` UInt64 COMMENT 'Number of points in the window' CODEC(ZSTD(1)),
    `sum` Float64 COMMENT 'Sum of the values, in the unit of the metric' CODEC(ZSTD(1)),
    `min` Float64 COMMENT 'Smallest value, in the unit of the metric' CODEC(ZSTD(1)),
    `max` Float64 COMMENT 'Largest value, in the unit of the metric' CODEC(ZSTD(1)),
    `mean` Float64 COMMENT 'Arithmetic mean of the values, in the unit of the metric' CODEC(ZSTD(1)),
    `stddev` Float64 COMMENT 'Population standard deviation, in the unit of the metric; 0 for a single point' CODEC(ZSTD(1)),
    `first` Float64 COMMENT 'Value of the earliest event time, in the unit of the metric; the first in the log among equals' CODEC(ZSTD(1)),
    `last` Float64 COMMENT 'Value of the latest event time, in the unit of the metric; the last in the log among equals' CODEC(ZSTD(1)),
    `topic` LowCardinality(String) COMMENT 'Source topic',
    `partition` Int32 COMMENT 'Partition of the source topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the last record that went into the window' CODEC(Delta(8), ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(window_start)
PRIMARY KEY (topology, site, asset, metric, window, window_start)
ORDER BY (topology, site, asset, metric, window, window_start, topic, partition)
TTL stored_at + toIntervalYear(10)
SETTINGS ttl_only_drop_parts = 1, index_granularity = 8192
COMMENT 'Closed windows [window_start, window_end) of every series';

CREATE TABLE headrace_store.alarms
(
    `id` String COMMENT 'Deterministic id of the transition: the same for the same log' CODEC(ZSTD(1)),
    `alarm` String COMMENT 'Id of the alarm: the same every time that it comes on' CODEC(ZSTD(1)),
    `ts` DateTime64(3, 'UTC') COMMENT 'Event time where a condition came on or went off, else the time of the broker at which an operator acted or a timer ran out, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine, stack or vehicle concerned',
    `metric` LowCardinality(String) COMMENT 'What was measured; its unit is declared in the topology',
    `name` LowCardinality(String) COMMENT 'Name of the alarm in the topology',
    `priority` LowCardinality(String) COMMENT 'low, medium, high or critical',
    `transition` LowCardinality(String) COMMENT 'What happened: raised, returned, acknowledged, escalated, shelved, unshelved, shelf_expired, suppressed, unsuppressed, out_of_service or in_service',
    `previous` LowCardinality(String) COMMENT 'State before',
    `state` LowCardinality(String) COMMENT 'State from now on: normal, unacknowledged, acknowledged, returned_unacknowledged, shelved, suppressed or out_of_service',
    `active` UInt8 COMMENT '1 if the condition holds, whatever the state, else 0' CODEC(ZSTD(1)),
    `raised_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'Event time at which the condition last came on, UTC' CODEC(ZSTD(1)),
    `value` Nullable(Float64) COMMENT 'Value at which the condition came on or went off, in the unit of the metric; NULL for all else' CODEC(ZSTD(1)),
    `limit` Nullable(Float64) COMMENT 'The limit that it passed, in the unit of the metric' CODEC(ZSTD(1)),
    `by` LowCardinality(String) COMMENT 'Who: the operator, or headrace for what follows from conditions and time',
    `reason` String COMMENT 'Why: the words of the operator, or one sentence' CODEC(ZSTD(1)),
    `until` Nullable(DateTime64(3, 'UTC')) COMMENT 'When the shelf expires, time of the broker, UTC; NULL unless it is shelved' CODEC(ZSTD(1)),
    `flood` UInt8 COMMENT '1 if the alarms of the site in this partition were in flood, else 0' CODEC(ZSTD(1)),
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic of the transition: alarm.actions',
    `partition` Int32 COMMENT 'Partition of the source topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the record that brought the transition about' CODEC(Delta(8), ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
PRIMARY KEY (topology, site, asset, metric, name, ts)
ORDER BY (topology, site, asset, metric, name, ts, partition, offset, id)
TTL stored_at + toIntervalYear(10)
SETTINGS ttl_only_drop_parts = 1, index_granularity = 8192
COMMENT 'Transitions of alarms: what happened to which, when, by whom and why';

CREATE TABLE headrace_store.anomalies
(
    `id` String COMMENT 'Deterministic id of the flag: the same for the same log' CODEC(ZSTD(1)),
    `ts` DateTime64(3, 'UTC') COMMENT 'Event time of the flagged point, UTC; for missing data the moment at which it was due' CODEC(DoubleDelta, ZSTD(1)),
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine, stack or gateway that sent the point',
    `metric` LowCardinality(String) COMMENT 'What was measured; its unit is declared in the topology',
    `detector` LowCardinality(String) COMMENT 'Name of the detector in the topology',
    `severity` LowCardinality(String) COMMENT 'info, warning or critical',
    `score` Float64 COMMENT 'From 0 (unremarkable) to 1 (certain), no unit; comparable within one detector' CODEC(ZSTD(1)),
    `value` Nullable(Float64) COMMENT 'The flagged value, in the unit of the metric; NULL for missing data' CODEC(ZSTD(1)),
    `expected` Nullable(Float64) COMMENT 'What the detector expected, in the unit of the metric; NULL if it expects no value' CODEC(ZSTD(1)),
    `lower` Nullable(Float64) COMMENT 'Lower bound of the normal range, in the unit of the metric; NULL if unbounded' CODEC(ZSTD(1)),
    `upper` Nullable(Float64) COMMENT 'Upper bound of the normal range, in the unit of the metric; NULL if unbounded' CODEC(ZSTD(1)),
    `reason` String COMMENT 'One sentence for the operator' CODEC(ZSTD(1)),
    `incident` String COMMENT 'Id of the incident: the same for all flags of an asset that come within ten minutes of one another; empty before there were incidents' CODEC(ZSTD(1)),
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic',
    `partition` Int32 COMMENT 'Partition of the source topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the record that brought the flag about' CODEC(Delta(8), ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
PRIMARY KEY (topology, site, asset, metric, ts)
ORDER BY (topology, site, asset, metric, ts, detector, id)
TTL stored_at + toIntervalYear(10)
SETTINGS ttl_only_drop_parts = 1, index_granularity = 8192
COMMENT 'Anomaly flags';

CREATE TABLE headrace_store.baselines
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
ORDER BY (topology, valid_from)
SETTINGS index_granularity = 8192
COMMENT 'What costs and output of each topology are compared with';

CREATE TABLE headrace_store.code_ranges
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log' CODEC(ZSTD(1)),
    `ts` DateTime64(3, 'UTC') COMMENT 'When they were minted, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `enterprise` LowCardinality(String) COMMENT 'Prefix of the enterprise',
    `product` LowCardinality(String) COMMENT 'What the codes are put on: 88.118.8/TP-1001, or 01/ and a GTIN',
    `first` Int64 COMMENT 'First serial' CODEC(Delta(8), ZSTD(1)),
    `last` Int64 COMMENT 'Last serial' CODEC(Delta(8), ZSTD(1)),
    `key` LowCardinality(String) COMMENT 'Id of the key that their check part is made with',
    `site` LowCardinality(String) COMMENT 'Empty: codes are given out by an enterprise, at no place',
    `asset` LowCardinality(String) COMMENT 'Empty',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: trace.events',
    `partition` Int32 COMMENT 'Partition of that topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the record in its partition' CODEC(Delta(8), ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (topology, product, first, partition, offset, id)
TTL stored_at + toIntervalYear(30)
SETTINGS ttl_only_drop_parts = 1, index_granularity = 8192
COMMENT 'Codes that were minted, a range each';

CREATE TABLE headrace_store.code_scans
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log' CODEC(ZSTD(1)),
    `ts` DateTime64(3, 'UTC') COMMENT 'When, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `enterprise` LowCardinality(String) COMMENT 'Prefix of the enterprise',
    `product` LowCardinality(String) COMMENT 'What the code is put on: 88.118.8/TP-1001, or 01/ and a GTIN',
    `item` String COMMENT 'The text of the code' CODEC(ZSTD(1)),
    `found` LowCardinality(String) COMMENT 'What the resolver answered: genuine, void, unknown (never minted) or forged',
    `disposition` LowCardinality(String) COMMENT 'Condition of the item at that time after the archive; empty if unknown',
    `client` String COMMENT 'Pseudonym of whoever asked, the same within a day; empty if unknown' CODEC(ZSTD(1)),
    `latitude` Nullable(Float64) COMMENT 'Where it was read, degrees north (WGS 84); NULL if not told' CODEC(ZSTD(1)),
    `longitude` Nullable(Float64) COMMENT 'Where it was read, degrees east (WGS 84); NULL if not told' CODEC(ZSTD(1)),
    `site` LowCardinality(String) COMMENT 'Empty: codes are given out by an enterprise, at no place',
    `asset` LowCardinality(String) COMMENT 'Empty',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: trace.events',
    `partition` Int32 COMMENT 'Partition of that topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the record in its partition' CODEC(Delta(8), ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta(4), ZSTD(1)),
    INDEX stored stored_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
ORDER BY (topology, item, ts, partition, offset, id)
TTL stored_at + toIntervalYear(30)
SETTINGS index_granularity = 256, min_compress_block_size = 8192, max_compress_block_size = 16384
COMMENT 'Codes that somebody read and asked a resolver about';

CREATE TABLE headrace_store.code_voids
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log' CODEC(ZSTD(1)),
    `ts` DateTime64(3, 'UTC') COMMENT 'From when on, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `enterprise` LowCardinality(String) COMMENT 'Prefix of the enterprise',
    `product` LowCardinality(String) COMMENT 'What the codes are put on: 88.118.8/TP-1001, or 01/ and a GTIN',
    `first` Int64 COMMENT 'First serial' CODEC(Delta(8), ZSTD(1)),
    `last` Int64 COMMENT 'Last serial' CODEC(Delta(8), ZSTD(1)),
    `reason` String COMMENT 'Why, in the words of whoever said so' CODEC(ZSTD(1)),
    `by` LowCardinality(String) COMMENT 'Who said so',
    `site` LowCardinality(String) COMMENT 'Empty: codes are given out by an enterprise, at no place',
    `asset` LowCardinality(String) COMMENT 'Empty',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: trace.events',
    `partition` Int32 COMMENT 'Partition of that topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the record in its partition' CODEC(Delta(8), ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (topology, product, first, ts, partition, offset, id)
TTL stored_at + toIntervalYear(30)
SETTINGS ttl_only_drop_parts = 1, index_granularity = 8192
COMMENT 'Codes that are worth nothing, a range each';

CREATE TABLE headrace_store.compliance
(
    `id` String COMMENT 'Deterministic id of the verdict: the same for the same log' CODEC(ZSTD(1)),
    `rule` LowCardinality(String) COMMENT 'Name of the rule in the topology',
    `pack` LowCardinality(String) COMMENT 'Rule pack by which it was judged',
    `pack_version` LowCardinality(String) COMMENT 'Version of the pack; +local where the topology changes numbers of it',
    `standard` LowCardinality(String) COMMENT 'Where the limit comes from, as the topology says',
    `period` LowCardinality(String) COMMENT 'half_hour, hour, day or month',
    `period_start` DateTime64(3, 'UTC') COMMENT 'First moment of the period, inclusive, event time, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `period_end` DateTime64(3, 'UTC') COMMENT 'End of the period, exclusive, event time, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `site` LowCardinality(String) COMMENT 'Site of the stack',
    `asset` LowCardinality(String) COMMENT 'The stack',
    `metric` LowCardinality(String) COMMENT 'The pollutant; its unit is declared in the topology',
    `verdict` LowCardinality(String) COMMENT 'compliant, exceeded or insufficient_data; what is missing is never taken for compliant',
    `reason` String COMMENT 'One sentence with the numbers that decided' CODEC(ZSTD(1)),
    `raw_mean` Nullable(Float64) COMMENT 'Mean as measured, in the unit of the metric; NULL where nothing is valid' CODEC(ZSTD(1)),
    `oxygen_mean` Nullable(Float64) COMMENT 'Mean oxygen of the same minutes, % by volume; NULL where the rule does not look at oxygen, or nothing is valid' CODEC(ZSTD(1)),
    `oxygen_reference` Nullable(Float64) COMMENT 'Oxygen at which the limit holds, % by volume; NULL where the measured mean is judged' CODEC(ZSTD(1)),
    `corrected_mean` Nullable(Float64) COMMENT 'Mean at the reference oxygen, in the unit of the metric; NULL where nothing is valid' CODEC(ZSTD(1)),
    `confidence` Nullable(Float64) COMMENT 'What was subtracted as confidence interval of the measurement, in the unit of the metric' CODEC(ZSTD(1)),
    `judged_mean` Nullable(Float64) COMMENT 'What was held against the limit: corrected_mean less confidence, in the unit of the metric' CODEC(ZSTD(1)),
    `limit` Float64 COMMENT 'Highest mean allowed, in the unit of the metric' CODEC(ZSTD(1)),
    `valid_minutes` UInt32 COMMENT 'Minutes with a valid reading' CODEC(ZSTD(1)),
    `stopped_minutes` UInt32 COMMENT 'Minutes in which the plant did not run' CODEC(ZSTD(1)),
    `invalid_minutes` UInt32 COMMENT 'Minutes with readings of which none is valid: calibration, maintenance, fault, oxygen as in air' CODEC(ZSTD(1)),
    `missing_minutes` UInt32 COMMENT 'Minutes without a reading' CODEC(ZSTD(1)),
    `valid_parts` UInt32 COMMENT 'Valid parts: minutes or quarters of an hour, hours or half-hours of a day, days of a month' CODEC(ZSTD(1)),
    `required_parts` UInt32 COMMENT 'Valid parts that the pack asks for; 0 where the plant did not run' CODEC(ZSTD(1)),
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic',
    `partition` Int32 COMMENT 'Partition of the source topic' CODEC(ZSTD(1)),
    `first_offset` Int64 COMMENT 'Offset of the first record that the verdict rests on; -1 where there is none' CODEC(Delta(8), ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the last record that the verdict rests on; -1 where there is none' CODEC(Delta(8), ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(period_start)
PRIMARY KEY (topology, site, asset, metric, rule, period, period_start)
ORDER BY (topology, site, asset, metric, rule, period, period_start, topic, partition)
TTL stored_at + toIntervalYear(10)
SETTINGS ttl_only_drop_parts = 1, index_granularity = 8192
COMMENT 'Verdicts on emissions with their evidence: one row for each rule, stack and period that has a limit';

CREATE TABLE headrace_store.dead_letters
(
    `id` String COMMENT 'Deterministic id of the dead letter: the same for the same log' CODEC(ZSTD(1)),
    `ts` DateTime64(3, 'UTC') COMMENT 'Timestamp that the broker holds for the record, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `reason` LowCardinality(String) COMMENT 'Why it was refused, such as malformed, bad_time or unknown_metric',
    `scope` LowCardinality(String) COMMENT 'How much was refused: record, event (one of a frame) or field (the rest of its event was accepted)',
    `detail` String COMMENT 'What exactly was wrong, in words' CODEC(ZSTD(1)),
    `field` String COMMENT 'The refused field where scope is field, else empty' CODEC(ZSTD(1)),
    `key` String COMMENT 'Key of the Kafka record' CODEC(ZSTD(1)),
    `payload` String COMMENT 'Beginning of the record as text; the whole is at topic, partition, offset' CODEC(ZSTD(3)),
    `payload_bytes` UInt64 COMMENT 'Size of the whole record, bytes' CODEC(ZSTD(1)),
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic',
    `partition` Int32 COMMENT 'Partition of the source topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the record in its partition' CODEC(Delta(8), ZSTD(1)),
    `index` UInt32 COMMENT 'Position of the event in its record; 0 unless the record is a frame of several' CODEC(ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (topology, topic, partition, offset, index, field)
TTL stored_at + toIntervalYear(1)
SETTINGS ttl_only_drop_parts = 1, index_granularity = 8192
COMMENT 'Input that could not be accepted, with reason and origin';

CREATE TABLE headrace_store.defects
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
    `offset` Int64 COMMENT 'Offset of the record in its partition' CODEC(Delta(8), ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
PRIMARY KEY (topology, site, asset, product, defect, ts)
ORDER BY (topology, site, asset, product, defect, ts, topic, partition, offset, id)
TTL stored_at + toIntervalYear(10)
SETTINGS ttl_only_drop_parts = 1, index_granularity = 8192
COMMENT 'Defects that inspections found, one row a kind';

CREATE TABLE headrace_store.emitted_mass
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log' CODEC(ZSTD(1)),
    `rule` LowCardinality(String) COMMENT 'Name of the rule in the topology',
    `hour_start` DateTime64(3, 'UTC') COMMENT 'First moment of the hour, event time, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `site` LowCardinality(String) COMMENT 'Site of the stack',
    `asset` LowCardinality(String) COMMENT 'The stack',
    `metric` LowCardinality(String) COMMENT 'The pollutant; its unit is declared in the topology',
    `mass` Nullable(Float64) COMMENT 'Emitted mass, kg; NULL where nothing may stand in for what was not measured' CODEC(ZSTD(1)),
    `method` LowCardinality(String) COMMENT 'measured, stopped, max_180, max_720, max_2160 (largest of so many measured hours before) or none',
    `capture` Nullable(Float64) COMMENT 'Share of the quarter\'s hours with the plant running that were measured when the row was made, from 0 to 1' CODEC(ZSTD(1)),
    `valid_minutes` UInt32 COMMENT 'Minutes with concentration and flow measured' CODEC(ZSTD(1)),
    `stopped_minutes` UInt32 COMMENT 'Minutes in which the plant did not run' CODEC(ZSTD(1)),
    `gap_hours` UInt32 COMMENT 'Length of the gap that the hour lies in, hours; 0 for an hour that was measured' CODEC(ZSTD(1)),
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic',
    `partition` Int32 COMMENT 'Partition of the source topic' CODEC(ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(hour_start)
PRIMARY KEY (topology, site, asset, metric, rule, hour_start)
ORDER BY (topology, site, asset, metric, rule, hour_start, topic, partition)
TTL stored_at + toIntervalYear(10)
SETTINGS ttl_only_drop_parts = 1, index_granularity = 8192
COMMENT 'Emitted mass of each stack, hour by hour; a row for an hour that was not measured comes when the gap ends';

CREATE TABLE headrace_store.feedback
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log' CODEC(ZSTD(1)),
    `anomaly` String COMMENT 'Id of the flag, as in anomalies' CODEC(ZSTD(1)),
    `ts` DateTime64(3, 'UTC') COMMENT 'When it was said, time of the broker, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `verdict` LowCardinality(String) COMMENT 'true: the flag was right; false: it was wrong; expected: it was right, and nobody needed to be told',
    `by` LowCardinality(String) COMMENT 'Who said so',
    `reason` String COMMENT 'Why, in the words of whoever said so' CODEC(ZSTD(1)),
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine, stack or gateway whose series was flagged',
    `metric` LowCardinality(String) COMMENT 'What was measured; its unit is declared in the topology',
    `detector` LowCardinality(String) COMMENT 'Name of the detector or rule that raised the flag',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Where it was said: anomaly.feedback',
    `partition` Int32 COMMENT 'Partition of that topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the record in its partition' CODEC(Delta(8), ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (topology, anomaly, ts, partition, offset)
TTL stored_at + toIntervalYear(10)
SETTINGS ttl_only_drop_parts = 1, index_granularity = 8192
COMMENT 'What people said of anomaly flags';

CREATE TABLE headrace_store.headroom
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log' CODEC(ZSTD(1)),
    `rule` LowCardinality(String) COMMENT 'Name of the rule in the topology',
    `ts` DateTime64(3, 'UTC') COMMENT 'End of the minute, event time, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `period_start` DateTime64(3, 'UTC') COMMENT 'First moment of the period that runs, event time, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `period_end` DateTime64(3, 'UTC') COMMENT 'End of the period that runs, exclusive, event time, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `site` LowCardinality(String) COMMENT 'Site of the stack',
    `asset` LowCardinality(String) COMMENT 'The stack',
    `metric` LowCardinality(String) COMMENT 'The pollutant; its unit is declared in the topology',
    `valid_minutes` UInt32 COMMENT 'Valid minutes of the period so far' CODEC(ZSTD(1)),
    `remaining_minutes` UInt32 COMMENT 'Minutes of the period that are left' CODEC(ZSTD(1)),
    `mean` Float64 COMMENT 'Mean so far at the reference oxygen, in the unit of the metric' CODEC(ZSTD(1)),
    `projected_mean` Float64 COMMENT 'Mean of the whole period if the rest is as the last five valid minutes were, in the unit of the metric' CODEC(ZSTD(1)),
    `allowed_mean` Float64 COMMENT 'Highest mean of the rest with which the period still complies, in the unit of the metric; below 0 where it is lost' CODEC(ZSTD(1)),
    `limit` Float64 COMMENT 'Highest mean of the period that complies, the confidence interval included, in the unit of the metric' CODEC(ZSTD(1)),
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic',
    `partition` Int32 COMMENT 'Partition of the source topic' CODEC(ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
PRIMARY KEY (topology, site, asset, metric, rule, ts)
ORDER BY (topology, site, asset, metric, rule, ts, topic, partition)
TTL stored_at + toIntervalYear(10)
SETTINGS ttl_only_drop_parts = 1, index_granularity = 8192
COMMENT 'How the running hour or half-hour of each rule and stack will end: one row for each valid minute';

CREATE TABLE headrace_store.inspections
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
    `offset` Int64 COMMENT 'Offset of the record in its partition' CODEC(Delta(8), ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
PRIMARY KEY (topology, site, asset, product, ts)
ORDER BY (topology, site, asset, product, ts, topic, partition, offset, id)
TTL stored_at + toIntervalYear(10)
SETTINGS ttl_only_drop_parts = 1, index_granularity = 8192
COMMENT 'Inspections of items and lots';

CREATE TABLE headrace_store.ledger
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic',
    `partition` Int32 COMMENT 'Partition of the source topic' CODEC(ZSTD(1)),
    `next_offset` Int64 COMMENT 'The counts cover the log from first_offset up to here, exclusive' CODEC(Delta(8), ZSTD(1)),
    `changes` UInt64 COMMENT 'How often the topology has changed so that something began anew',
    `settled` UInt64 COMMENT 'How often the counts have changed without a record: the partition fell idle, or records were deleted. Of rows with one next_offset the last one has the largest changes, and of these the largest settled',
    `first_offset` Int64 COMMENT 'Where counting began' CODEC(Delta(8), ZSTD(1)),
    `records` UInt64 COMMENT 'Kafka records consumed' CODEC(Delta(8), ZSTD(1)),
    `events` UInt64 COMMENT 'Events in them; a frame holds several' CODEC(Delta(8), ZSTD(1)),
    `accepted` UInt64 COMMENT 'Events accepted' CODEC(Delta(8), ZSTD(1)),
    `late` UInt64 COMMENT 'Events too late for every window' CODEC(Delta(8), ZSTD(1)),
    `duplicate` UInt64 COMMENT 'Events whose values all repeat earlier ones' CODEC(Delta(8), ZSTD(1)),
    `dead_letter` UInt64 COMMENT 'Events (or whole records) refused' CODEC(Delta(8), ZSTD(1)),
    `points` UInt64 COMMENT 'Points (values) of accepted and late events, duplicates left out' CODEC(Delta(8), ZSTD(1)),
    `points_invalid` UInt64 COMMENT 'Points kept out of windows because their flag says that nothing was measured' CODEC(Delta(8), ZSTD(1)),
    `points_duplicate` UInt64 COMMENT 'Points left out because an earlier one has their asset, metric and event time' CODEC(Delta(8), ZSTD(1)),
    `compliance_late` UInt64 DEFAULT 0 COMMENT 'Points that came too late for the minute of a rule' CODEC(Delta(8), ZSTD(1)),
    `gaps` UInt64 COMMENT 'Offsets that hold no record to read: transaction markers, aborted records' CODEC(Delta(8), ZSTD(1)),
    `skipped` UInt64 COMMENT 'Records that the log had deleted before they could be read' CODEC(Delta(8), ZSTD(1)),
    `windowed` Map(LowCardinality(String), UInt64) COMMENT 'Points that went into windows, by name of the window' CODEC(ZSTD(1)),
    `windows_closed` Map(LowCardinality(String), UInt64) COMMENT 'Windows closed, by name of the window' CODEC(ZSTD(1)),
    `windows_open` Map(LowCardinality(String), UInt64) COMMENT 'Windows open at next_offset, by name of the window' CODEC(ZSTD(1)),
    `late_points` Map(LowCardinality(String), UInt64) COMMENT 'Points too late for a window, by name of the window' CODEC(ZSTD(1)),
    `left_out` Map(LowCardinality(String), Int64) COMMENT 'Points that came when the window was not yet declared, or otherwise, by name of the window; below 0 where they went into more windows than they would now' CODEC(ZSTD(1)),
    `points_in_open_windows` Map(LowCardinality(String), UInt64) COMMENT 'Points in windows that are open at next_offset, by name of the window' CODEC(ZSTD(1)),
    `aggregates` UInt64 COMMENT 'Rows of aggregates emitted' CODEC(Delta(8), ZSTD(1)),
    `anomalies` UInt64 COMMENT 'Rows of anomalies emitted' CODEC(Delta(8), ZSTD(1)),
    `conditions` UInt64 COMMENT 'Conditions of alarms that came on or went off, each sent to alarm.actions' CODEC(Delta(8), ZSTD(1)),
    `levels` UInt64 COMMENT 'Readings that playbooks need, each sent to alarm.actions' CODEC(Delta(8), ZSTD(1)),
    `acks` UInt64 COMMENT 'Acknowledgements of adjustments, each sent on to alarm.actions' CODEC(Delta(8), ZSTD(1)),
    `feedback` UInt64 COMMENT 'Rows of feedback emitted' CODEC(Delta(8), ZSTD(1)),
    `alarms` UInt64 COMMENT 'Rows of alarms emitted' CODEC(Delta(8), ZSTD(1)),
    `adjustments` UInt64 COMMENT 'Rows of adjustments emitted' CODEC(Delta(8), ZSTD(1)),
    `compliance` UInt64 DEFAULT 0 COMMENT 'Rows of compliance emitted' CODEC(Delta(8), ZSTD(1)),
    `headroom` UInt64 DEFAULT 0 COMMENT 'Rows of headroom emitted' CODEC(Delta(8), ZSTD(1)),
    `emitted_mass` UInt64 DEFAULT 0 COMMENT 'Rows of emitted_mass emitted' CODEC(Delta(8), ZSTD(1)),
    `dead_letters` UInt64 COMMENT 'Rows of dead_letters emitted' CODEC(Delta(8), ZSTD(1)),
    `rows` Map(LowCardinality(String), UInt64) COMMENT 'Rows emitted by table, of production, quality and logistics' CODEC(ZSTD(1)),
    `broker_ts` DateTime64(3, 'UTC') COMMENT 'Timestamp that the broker holds for the last record, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(broker_ts)
PRIMARY KEY (topology, topic, partition, next_offset)
ORDER BY (topology, topic, partition, next_offset, changes, settled)
TTL stored_at + toIntervalYear(10)
SETTINGS ttl_only_drop_parts = 1, index_granularity = 8192
COMMENT 'Cumulative counts of one source partition at a position of its log; true whoever wrote the row';

CREATE TABLE headrace_store.migrations
(
    `version` UInt32 COMMENT 'Number of the migration',
    `name` String COMMENT 'File name without .sql',
    `checksum` String COMMENT 'SHA-256 of the file, hex digits',
    `applied_at` DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was applied, UTC'
)
ENGINE = ReplacingMergeTree
ORDER BY version
SETTINGS index_granularity = 8192
COMMENT 'Migrations that were applied';

CREATE TABLE headrace_store.moves
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log' CODEC(ZSTD(1)),
    `ts` DateTime64(3, 'UTC') COMMENT 'When it arrived, event time, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `departed` DateTime64(3, 'UTC') COMMENT 'When it left, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `duration_ms` Int64 COMMENT 'From one to the other, milliseconds' CODEC(ZSTD(1)),
    `site` LowCardinality(String) COMMENT 'The factory',
    `asset` LowCardinality(String) COMMENT 'The store: a yard or a rack',
    `item` String COMMENT 'What was carried' CODEC(ZSTD(1)),
    `source` LowCardinality(String) COMMENT 'Where from',
    `destination` LowCardinality(String) COMMENT 'Where to',
    `carrier` LowCardinality(String) COMMENT 'What carried it; empty if that is not known',
    `pieces` Int64 COMMENT 'Pieces carried' CODEC(ZSTD(1)),
    `items_at_source` Int64 COMMENT 'Items that lie at the source afterwards' CODEC(ZSTD(1)),
    `items_at_destination` Int64 COMMENT 'Items that lie at the destination afterwards, this one among them; 0 for an exit' CODEC(ZSTD(1)),
    `has_left` UInt8 COMMENT '1 if the destination is an exit: the item does not wait there for anything, else 0' CODEC(ZSTD(1)),
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: logistics.events',
    `partition` Int32 COMMENT 'Partition of that topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the record in its partition' CODEC(Delta(8), ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (topology, site, asset, ts, partition, offset, id)
TTL stored_at + toIntervalYear(3)
SETTINGS ttl_only_drop_parts = 1, index_granularity = 8192
COMMENT 'What was carried from place to place, and how many items lie at both places afterwards';

CREATE TABLE headrace_store.oee
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log' CODEC(ZSTD(1)),
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine',
    `window_start` DateTime64(3, 'UTC') COMMENT 'First moment of the minute, inclusive, event time, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `window_end` DateTime64(3, 'UTC') COMMENT 'End of the minute, exclusive, event time, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `line` LowCardinality(String) COMMENT 'Line of the machine; empty if it is in none',
    `shift` LowCardinality(String) COMMENT 'Name of the shift; empty between shifts',
    `shift_start` DateTime64(3, 'UTC') COMMENT 'When the shift began, UTC; between shifts, when the pause between them did, or the day' CODEC(DoubleDelta, ZSTD(1)),
    `day` LowCardinality(String) COMMENT 'Local date on which the shift began, such as 2026-11-27: the production day',
    `order` LowCardinality(String) COMMENT 'Number of the order; empty if none was told',
    `product` LowCardinality(String) COMMENT 'What is made; empty if no order was told',
    `state` LowCardinality(String) COMMENT 'State at the end; empty if it is not known',
    `reason` LowCardinality(String) COMMENT 'Reason of the state, if one was given',
    `state_since` DateTime64(3, 'UTC') COMMENT 'When that state began, event time, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `planned_ms` Int64 COMMENT 'Planned busy time: production, setup, standby and down together, milliseconds' CODEC(ZSTD(1)),
    `production_ms` Int64 COMMENT 'Actual production time, milliseconds' CODEC(ZSTD(1)),
    `setup_ms` Int64 COMMENT 'Actual unit setup time, milliseconds' CODEC(ZSTD(1)),
    `standby_ms` Int64 COMMENT 'Ready and not working, in planned busy time, milliseconds' CODEC(ZSTD(1)),
    `down_ms` Int64 COMMENT 'Out of order, in planned busy time, milliseconds' CODEC(ZSTD(1)),
    `planned_stop_ms` Int64 COMMENT 'Time in which no work was planned: breaks, between shifts, states of category planned, milliseconds' CODEC(ZSTD(1)),
    `unknown_ms` Int64 COMMENT 'Time in which the state was not known; no planned busy time, milliseconds' CODEC(ZSTD(1)),
    `good` Int64 COMMENT 'Items within specification' CODEC(ZSTD(1)),
    `rejected` Int64 COMMENT 'Items that are not' CODEC(ZSTD(1)),
    `ideal_ms` Float64 COMMENT 'Planned run time per item x produced quantity, milliseconds' CODEC(ZSTD(1)),
    `ideal_cycle_ms` Nullable(Float64) COMMENT 'Planned run time per item, milliseconds; NULL without an order' CODEC(ZSTD(1)),
    `order_quantity` Int64 COMMENT 'Items that the order wants of this machine; 0 if that is not known' CODEC(ZSTD(1)),
    `micro_stops` Int64 COMMENT 'Micro-stops that ended here' CODEC(ZSTD(1)),
    `micro_stop_ms` Int64 COMMENT 'Planned busy time lost to them, milliseconds' CODEC(ZSTD(1)),
    `failures` Int64 COMMENT 'Failures that ended here' CODEC(ZSTD(1)),
    `availability` Nullable(Float64) COMMENT 'Actual production time / planned busy time, no unit; NULL where that is 0' CODEC(ZSTD(1)),
    `performance` Nullable(Float64) COMMENT 'Effectiveness: planned run time per item x produced quantity / actual production time, no unit; NULL where that is 0 or there is no order' CODEC(ZSTD(1)),
    `quality` Nullable(Float64) COMMENT 'Good quantity / produced quantity, no unit; NULL where that is 0' CODEC(ZSTD(1)),
    `oee` Nullable(Float64) COMMENT 'Availability x performance x quality, no unit; 0 where planned busy time brought nothing, NULL where one of them is not known' CODEC(ZSTD(1)),
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic',
    `partition` Int32 COMMENT 'Partition of the source topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the record that closed the minute' CODEC(Delta(8), ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(window_start)
ORDER BY (topology, site, asset, window_start, partition, id)
TTL stored_at + toIntervalYear(10)
SETTINGS ttl_only_drop_parts = 1, index_granularity = 8192
COMMENT 'What each machine did in each minute, for each order: inputs and results of OEE after ISO 22400';

CREATE TABLE headrace_store.pick_lists
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log' CODEC(ZSTD(1)),
    `ts` DateTime64(3, 'UTC') COMMENT 'Event time of the list, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `site` LowCardinality(String) COMMENT 'The factory',
    `asset` LowCardinality(String) COMMENT 'The store: a yard or a rack',
    `order` String COMMENT 'Cutting order' CODEC(ZSTD(1)),
    `line` Int64 COMMENT 'Position of the line in its list, from 0' CODEC(ZSTD(1)),
    `bin` LowCardinality(String) COMMENT 'Where the pieces are to be taken',
    `grade` LowCardinality(String) COMMENT 'Grade of the steel',
    `section` LowCardinality(String) COMMENT 'Section',
    `length_mm` Int64 COMMENT 'Length of a piece, mm' CODEC(ZSTD(1)),
    `heat` LowCardinality(String) COMMENT 'Heat number',
    `pieces` Int64 COMMENT 'Pieces to be taken' CODEC(ZSTD(1)),
    `cuts_mm` String COMMENT 'Lengths that are cut from each piece, mm: a JSON array' CODEC(ZSTD(1)),
    `cut_mm` Int64 COMMENT 'Sum of these lengths times pieces, mm' CODEC(ZSTD(1)),
    `waste_mm` Int64 COMMENT 'Length of the whole list that is lost, mm; the same in each of its lines' CODEC(ZSTD(1)),
    `by` LowCardinality(String) COMMENT 'Who made the list',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: logistics.events',
    `partition` Int32 COMMENT 'Partition of that topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the record in its partition' CODEC(Delta(8), ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (topology, site, asset, order, ts, partition, offset, id)
TTL stored_at + toIntervalYear(10)
SETTINGS ttl_only_drop_parts = 1, index_granularity = 8192
COMMENT 'Lines of pick lists: what robots are to fetch for cutting orders';

CREATE TABLE headrace_store.picks
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log' CODEC(ZSTD(1)),
    `ts` DateTime64(3, 'UTC') COMMENT 'Event time of the pick, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `site` LowCardinality(String) COMMENT 'The factory',
    `asset` LowCardinality(String) COMMENT 'The store: a yard or a rack',
    `order` String COMMENT 'Cutting order that it was for' CODEC(ZSTD(1)),
    `robot` LowCardinality(String) COMMENT 'Who took the pieces',
    `bin` LowCardinality(String) COMMENT 'Where from',
    `grade` LowCardinality(String) COMMENT 'Grade of the steel, as read off or measured',
    `section` LowCardinality(String) COMMENT 'Section, as read off or measured',
    `length_mm` Int64 COMMENT 'Length of a piece, as read off or measured, mm' CODEC(ZSTD(1)),
    `heat` LowCardinality(String) COMMENT 'Heat number, as read off or measured',
    `pieces` Int64 COMMENT 'Pieces that were taken' CODEC(ZSTD(1)),
    `counted` Int64 COMMENT 'Pieces of them that the pick list wanted' CODEC(ZSTD(1)),
    `verdict` LowCardinality(String) COMMENT 'right, no_list, not_listed, wrong_bin, wrong_section, wrong_grade, wrong_length, wrong_heat or too_many',
    `reason` String COMMENT 'What was taken and what was wanted, in one sentence; empty if it was right' CODEC(ZSTD(1)),
    `wanted_bin` LowCardinality(String) COMMENT 'Bin of the nearest line of the pick list; empty if there is none',
    `wanted_grade` LowCardinality(String) COMMENT 'Grade that it wants',
    `wanted_section` LowCardinality(String) COMMENT 'Section that it wants',
    `wanted_length_mm` Nullable(Float64) COMMENT 'Length of a piece that it wants, mm; NULL if there is no such line' CODEC(ZSTD(1)),
    `wanted_heat` LowCardinality(String) COMMENT 'Heat number that it wants',
    `wanted_pieces` Nullable(Float64) COMMENT 'Pieces that were still to be taken from its bin before the pick; NULL if there is no such line' CODEC(ZSTD(1)),
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: logistics.events',
    `partition` Int32 COMMENT 'Partition of that topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the record in its partition' CODEC(Delta(8), ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (topology, site, asset, order, ts, partition, offset, id)
TTL stored_at + toIntervalYear(10)
SETTINGS ttl_only_drop_parts = 1, index_granularity = 8192
COMMENT 'What robots took, and whether it was what the pick list wanted';

CREATE TABLE headrace_store.readings
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology that read the point',
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine, stack or gateway that sent the point',
    `metric` LowCardinality(String) COMMENT 'What was measured; its unit is declared in the topology',
    `ts` DateTime64(3, 'UTC') COMMENT 'Event time, UTC, to the millisecond' CODEC(DoubleDelta, ZSTD(1)),
    `value` Float64 COMMENT 'Measured value, in the unit of the metric' CODEC(ZSTD(1)),
    `flag` LowCardinality(String) DEFAULT 'N' COMMENT 'Data flag of HJ 212: N normal, F stopped, M maintenance, S manual, D fault, C calibration, T over limit, B communication fault',
    `state` LowCardinality(String) DEFAULT '' COMMENT 'State of the machine as it reported it; empty if it reported none',
    `late` UInt8 DEFAULT 0 COMMENT '1 if the point came too late for every window, else 0' CODEC(ZSTD(1)),
    `topic` LowCardinality(String) COMMENT 'Source topic',
    `partition` Int32 COMMENT 'Partition of the source topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the record in its partition' CODEC(Delta(8), ZSTD(1)),
    `index` UInt32 COMMENT 'Position of the event in its record; 0 unless the record is a frame of several' CODEC(ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
PRIMARY KEY (site, asset, metric, ts)
ORDER BY (site, asset, metric, ts, topology, topic, partition, offset, index)
TTL stored_at + toIntervalYear(5)
SETTINGS ttl_only_drop_parts = 1, index_granularity = 8192
COMMENT 'Every point that was accepted, as it was sent';

CREATE TABLE headrace_store.samples
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
    `offset` Int64 COMMENT 'Offset of the record in its partition' CODEC(Delta(8), ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
PRIMARY KEY (topology, site, asset, product, characteristic, ts)
ORDER BY (topology, site, asset, product, characteristic, ts, topic, partition, offset, id)
TTL stored_at + toIntervalYear(10)
SETTINGS ttl_only_drop_parts = 1, index_granularity = 8192
COMMENT 'Samples as they came, each with the capability of its characteristic at that moment';

CREATE TABLE headrace_store.spc
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
    `offset` Int64 COMMENT 'Offset of the record that brought the point' CODEC(Delta(8), ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
PRIMARY KEY (topology, site, asset, product, characteristic, chart, ts)
ORDER BY (topology, site, asset, product, characteristic, chart, ts, topic, partition, offset, id)
TTL stored_at + toIntervalYear(10)
SETTINGS ttl_only_drop_parts = 1, index_granularity = 8192
COMMENT 'Points of control charts, with limits and violated rules';

CREATE TABLE headrace_store.stock_levels
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log' CODEC(ZSTD(1)),
    `ts` DateTime64(3, 'UTC') COMMENT 'Event time of the change, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `site` LowCardinality(String) COMMENT 'The factory',
    `asset` LowCardinality(String) COMMENT 'The store: a yard or a rack',
    `bin` LowCardinality(String) COMMENT 'Which bin',
    `grade` LowCardinality(String) COMMENT 'Grade of the steel',
    `section` LowCardinality(String) COMMENT 'Section',
    `length_mm` Int64 COMMENT 'Length of a piece, mm' CODEC(ZSTD(1)),
    `heat` LowCardinality(String) COMMENT 'Heat number',
    `pieces` Int64 COMMENT 'Pieces in the bin after the change' CODEC(ZSTD(1)),
    `change` Int64 COMMENT 'Pieces more than before the change, negative for fewer' CODEC(ZSTD(1)),
    `cause` LowCardinality(String) COMMENT 'arrival, stock_take or pick',
    `order` String COMMENT 'Cutting order of a pick; else empty' CODEC(ZSTD(1)),
    `by` LowCardinality(String) COMMENT 'Robot that picked, or who counted; else empty',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: logistics.events',
    `partition` Int32 COMMENT 'Partition of that topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the record in its partition' CODEC(Delta(8), ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (topology, site, asset, bin, ts, partition, offset, id)
TTL stored_at + toIntervalYear(10)
SETTINGS ttl_only_drop_parts = 1, index_granularity = 8192
COMMENT 'What each bin holds after each change';

CREATE TABLE headrace_store.stops
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log' CODEC(ZSTD(1)),
    `site` LowCardinality(String) COMMENT 'Site of the asset',
    `asset` LowCardinality(String) COMMENT 'Machine',
    `ts` DateTime64(3, 'UTC') COMMENT 'When it began, event time, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `end` DateTime64(3, 'UTC') COMMENT 'When it was over, event time, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `duration_ms` Int64 COMMENT 'From beginning to end, milliseconds' CODEC(ZSTD(1)),
    `lost_ms` Int64 COMMENT 'Planned busy time in it: without breaks and time between shifts, milliseconds' CODEC(ZSTD(1)),
    `line` LowCardinality(String) COMMENT 'Line of the machine; empty if it is in none',
    `state` LowCardinality(String) COMMENT 'The state',
    `reason` LowCardinality(String) COMMENT 'The last reason given while it lasted; empty if none was',
    `category` LowCardinality(String) COMMENT 'What the state counts as: setup, standby, down or planned',
    `micro` UInt8 COMMENT '1 if it is a standby or down shorter than micro_stop, else 0' CODEC(ZSTD(1)),
    `failure` UInt8 COMMENT '1 if it is a down that is not micro, else 0' CODEC(ZSTD(1)),
    `silent` UInt8 COMMENT '1 if it ends where the machine fell silent, so that it may have lasted longer, else 0' CODEC(ZSTD(1)),
    `shift` LowCardinality(String) COMMENT 'Shift in which it began; empty between shifts',
    `shift_start` DateTime64(3, 'UTC') COMMENT 'When that shift began, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `day` LowCardinality(String) COMMENT 'Local date on which that shift began, such as 2026-11-27',
    `order` LowCardinality(String) COMMENT 'Number of the order when it began; empty if none was told',
    `product` LowCardinality(String) COMMENT 'What was made; empty if no order was told',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic',
    `partition` Int32 COMMENT 'Partition of the source topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the record that ended it' CODEC(Delta(8), ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (topology, site, asset, ts, partition, id)
TTL stored_at + toIntervalYear(10)
SETTINGS ttl_only_drop_parts = 1, index_granularity = 8192
COMMENT 'Stops of machines that are over: how long each was, and why';

CREATE TABLE headrace_store.tariffs
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
ORDER BY (topology, tariff, asset, metric, product, shift, start_minute, valid_from)
SETTINGS index_granularity = 8192
COMMENT 'What things cost, from when until when, as topologies declare it';

CREATE TABLE headrace_store.trace_events
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log' CODEC(ZSTD(1)),
    `event` String COMMENT 'Hash of the event, 64 hexadecimal digits; its id after CBV 2.0 is ni:///sha-256;<event>?ver=CBV2.0' CODEC(ZSTD(1)),
    `event_id` String COMMENT 'The id that whoever captured it gave it; empty if none' CODEC(ZSTD(1)),
    `ts` DateTime64(3, 'UTC') COMMENT 'When it happened, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `zone` LowCardinality(String) COMMENT 'Offset of the local time from UTC there',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'Time of the broker when it was captured, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `enterprise` LowCardinality(String) COMMENT 'Prefix of the enterprise',
    `type` LowCardinality(String) COMMENT 'ObjectEvent, AggregationEvent, TransactionEvent, TransformationEvent or AssociationEvent',
    `action` LowCardinality(String) COMMENT 'ADD, OBSERVE or DELETE; empty for transformations',
    `biz_step` LowCardinality(String) COMMENT 'What was done: a word of the Core Business Vocabulary, or a URI',
    `disposition` LowCardinality(String) COMMENT 'Condition of the items afterwards, likewise',
    `read_point` LowCardinality(String) COMMENT 'Where it was seen, a URI; urn:headrace:asset:<site>:<asset> is a machine',
    `biz_location` LowCardinality(String) COMMENT 'Where the items are afterwards, a URI',
    `transformation` String COMMENT 'Id that joins several events to one transformation' CODEC(ZSTD(1)),
    `items` String COMMENT 'The items that it is about, a JSON array; without those used up in it, and without amounts of a class; empty before there was this column' CODEC(ZSTD(1)),
    `runs` String COMMENT 'The codes that it names, also those used up in it: of each product first and last serial of each run, in turn, a JSON object of arrays; empty before there was this column' CODEC(ZSTD(1)),
    `receiver` LowCardinality(String) COMMENT 'Who the items go to: of destinationList the owning party, else the possessing party, else the location; empty if none',
    `due` Nullable(DateTime64(3, 'UTC')) COMMENT 'When they are to be received, headrace:due of the event, UTC; NULL if not said' CODEC(ZSTD(1)),
    `error_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'Where the event declares an earlier one wrong: when that was declared, UTC' CODEC(ZSTD(1)),
    `error_reason` LowCardinality(String) COMMENT 'Why that one was wrong',
    `late` UInt8 COMMENT '1 if it is too old to tell whether it was captured before, else 0' CODEC(ZSTD(1)),
    `body` String COMMENT 'The event itself, JSON' CODEC(ZSTD(3)),
    `site` LowCardinality(String) COMMENT 'Site of the machine where it happened; empty where the read point is none',
    `asset` LowCardinality(String) COMMENT 'That machine',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: trace.events',
    `partition` Int32 COMMENT 'Partition of that topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the record in its partition' CODEC(Delta(8), ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta(4), ZSTD(1)),
    INDEX stored stored_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (topology, enterprise, ts, event, partition, offset, id)
TTL stored_at + toIntervalYear(30)
SETTINGS ttl_only_drop_parts = 1, index_granularity = 8192
COMMENT 'Events of EPCIS 2.0';

CREATE TABLE headrace_store.trace_items
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log' CODEC(ZSTD(3)),
    `item` String COMMENT 'Which: the text of a code, the path of a GS1 Digital Link, or another URI' CODEC(ZSTD(1)),
    `role` LowCardinality(String) COMMENT 'What it is in the event: epc, parent, child, input or output',
    `ts` DateTime64(3, 'UTC') COMMENT 'When it happened, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `event` String COMMENT 'Hash of the event, 64 hexadecimal digits; its id after CBV 2.0 is ni:///sha-256;<event>?ver=CBV2.0' CODEC(ZSTD(3)),
    `enterprise` LowCardinality(String) COMMENT 'Prefix of the enterprise',
    `type` LowCardinality(String) COMMENT 'ObjectEvent, AggregationEvent, TransactionEvent, TransformationEvent or AssociationEvent',
    `action` LowCardinality(String) COMMENT 'ADD, OBSERVE or DELETE; empty for transformations',
    `biz_step` LowCardinality(String) COMMENT 'What was done: a word of the Core Business Vocabulary, or a URI',
    `disposition` LowCardinality(String) COMMENT 'Condition of the items afterwards, likewise',
    `read_point` LowCardinality(String) COMMENT 'Where it was seen, a URI; urn:headrace:asset:<site>:<asset> is a machine',
    `quantity` Nullable(Float64) COMMENT 'How much of a class of items, in the unit uom; NULL for a single item' CODEC(ZSTD(1)),
    `uom` LowCardinality(String) COMMENT 'Unit after UN/CEFACT Recommendation 20; empty for a number of items',
    `error` UInt8 COMMENT '1 if the event declares an earlier one wrong, else 0' CODEC(ZSTD(1)),
    `link` String COMMENT 'What joins it to the other items of the event, by which they are found in trace_links; empty where nothing does' CODEC(ZSTD(1)),
    `site` LowCardinality(String) COMMENT 'Site of the machine where it happened; empty where the read point is none',
    `asset` LowCardinality(String) COMMENT 'That machine',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: trace.events',
    `partition` Int32 COMMENT 'Partition of that topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the record in its partition' CODEC(Delta(8), ZSTD(1)),
    `context` String MATERIALIZED concatWithSeparator('\t', role, enterprise, toString(error), type, action, translate(biz_step, '\t', ' '), translate(disposition, '\t', ' '), read_point, translate(site, '\t', ' '), translate(asset, '\t', ' '), ifNull(toString(quantity), ''), translate(uom, '\t', ' '), link) COMMENT 'Role, enterprise, error and so on to link, a tab between each' CODEC(ZSTD(3)) SETTINGS (min_compress_block_size = 16384, max_compress_block_size = 65536),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PRIMARY KEY (topology, item)
ORDER BY (topology, item, ts, event, role, partition, offset, id)
TTL stored_at + toIntervalYear(30)
SETTINGS index_granularity = 256, min_compress_block_size = 8192, max_compress_block_size = 16384
COMMENT 'Items and amounts of items, one row for each event that they are in';

CREATE TABLE headrace_store.trace_links
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log' CODEC(ZSTD(3)),
    `link` String COMMENT 'The event, by its hash; of transformations that have an id, which may be several events, that id' CODEC(ZSTD(1)),
    `item` String COMMENT 'Which: the text of a code, the path of a GS1 Digital Link, or another URI' CODEC(ZSTD(1)),
    `role` LowCardinality(String) COMMENT 'What it is in the event: parent, child, input or output',
    `ts` DateTime64(3, 'UTC') COMMENT 'When it happened, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `event` String COMMENT 'Hash of the event, 64 hexadecimal digits; its id after CBV 2.0 is ni:///sha-256;<event>?ver=CBV2.0' CODEC(ZSTD(3)),
    `enterprise` LowCardinality(String) COMMENT 'Prefix of the enterprise',
    `type` LowCardinality(String) COMMENT 'AggregationEvent, TransformationEvent or AssociationEvent',
    `action` LowCardinality(String) COMMENT 'ADD, OBSERVE or DELETE; empty for transformations',
    `biz_step` LowCardinality(String) COMMENT 'What was done: a word of the Core Business Vocabulary, or a URI',
    `quantity` Nullable(Float64) COMMENT 'How much of a class of items, in the unit uom; NULL for a single item' CODEC(ZSTD(1)),
    `uom` LowCardinality(String) COMMENT 'Unit after UN/CEFACT Recommendation 20; empty for a number of items',
    `error` UInt8 COMMENT '1 if the event declares an earlier one wrong, else 0' CODEC(ZSTD(1)),
    `site` LowCardinality(String) COMMENT 'Site of the machine where it happened; empty where the read point is none',
    `asset` LowCardinality(String) COMMENT 'That machine',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: trace.events',
    `partition` Int32 COMMENT 'Partition of that topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the record in its partition' CODEC(Delta(8), ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree
ORDER BY (topology, link, role, item, ts, event, partition, offset, id)
TTL stored_at + toIntervalYear(30)
SETTINGS index_granularity = 256, min_compress_block_size = 16384
COMMENT 'Items that events join: made of one another, or put into one another';
