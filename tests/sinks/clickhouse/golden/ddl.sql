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
    topology,
    topic,
    partition,
    offset
FROM headrace_store.anomalies
FINAL;

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

CREATE VIEW headrace.ledger
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic',
    `partition` Int32 COMMENT 'Partition of the source topic',
    `next_offset` Int64 COMMENT 'The counts cover the log from first_offset up to here, exclusive',
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
    `dead_letters` UInt64 COMMENT 'Rows of dead_letters emitted',
    `broker_ts` DateTime64(3, 'UTC') COMMENT 'Timestamp that the broker holds for the last record, UTC'
)
COMMENT 'Cumulative counts of one source partition at a position of its log; true whoever wrote the row'
AS SELECT
    topology,
    topic,
    partition,
    next_offset,
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
    dead_letters,
    broker_ts
FROM headrace_store.ledger
FINAL;

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

CREATE TABLE headrace_store.ledger
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic',
    `partition` Int32 COMMENT 'Partition of the source topic' CODEC(ZSTD(1)),
    `next_offset` Int64 COMMENT 'The counts cover the log from first_offset up to here, exclusive' CODEC(Delta(8), ZSTD(1)),
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
    `dead_letters` UInt64 COMMENT 'Rows of dead_letters emitted' CODEC(Delta(8), ZSTD(1)),
    `broker_ts` DateTime64(3, 'UTC') COMMENT 'Timestamp that the broker holds for the last record, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(broker_ts)
ORDER BY (topology, topic, partition, next_offset)
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
