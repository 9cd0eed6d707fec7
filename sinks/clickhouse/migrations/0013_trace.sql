-- Archives: what is made today is asked for in decades.

CREATE TABLE IF NOT EXISTS headrace_store.code_ranges
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log' CODEC(ZSTD(1)),
    `ts` DateTime64(3, 'UTC') COMMENT 'When they were minted, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `enterprise` LowCardinality(String) COMMENT 'Prefix of the enterprise',
    `product` LowCardinality(String) COMMENT 'What the codes are put on: 88.118.8/TP-1001, or 01/ and a GTIN',
    `first` Int64 COMMENT 'First serial' CODEC(Delta, ZSTD(1)),
    `last` Int64 COMMENT 'Last serial' CODEC(Delta, ZSTD(1)),
    `key` LowCardinality(String) COMMENT 'Id of the key that their check part is made with',
    `site` LowCardinality(String) COMMENT 'Empty: codes are given out by an enterprise, at no place',
    `asset` LowCardinality(String) COMMENT 'Empty',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: trace.events',
    `partition` Int32 COMMENT 'Partition of that topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the record in its partition' CODEC(Delta, ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(`ts`)
ORDER BY (`topology`, `product`, `first`, `partition`, `offset`, `id`)
TTL `stored_at` + INTERVAL 30 YEAR
SETTINGS ttl_only_drop_parts = 1
COMMENT 'Codes that were minted, a range each';

CREATE TABLE IF NOT EXISTS headrace_store.code_voids
(
    `id` String COMMENT 'Deterministic id of the row: the same for the same log' CODEC(ZSTD(1)),
    `ts` DateTime64(3, 'UTC') COMMENT 'From when on, UTC' CODEC(DoubleDelta, ZSTD(1)),
    `enterprise` LowCardinality(String) COMMENT 'Prefix of the enterprise',
    `product` LowCardinality(String) COMMENT 'What the codes are put on: 88.118.8/TP-1001, or 01/ and a GTIN',
    `first` Int64 COMMENT 'First serial' CODEC(Delta, ZSTD(1)),
    `last` Int64 COMMENT 'Last serial' CODEC(Delta, ZSTD(1)),
    `reason` String COMMENT 'Why, in the words of whoever said so' CODEC(ZSTD(1)),
    `by` LowCardinality(String) COMMENT 'Who said so',
    `site` LowCardinality(String) COMMENT 'Empty: codes are given out by an enterprise, at no place',
    `asset` LowCardinality(String) COMMENT 'Empty',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: trace.events',
    `partition` Int32 COMMENT 'Partition of that topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the record in its partition' CODEC(Delta, ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(`ts`)
ORDER BY (`topology`, `product`, `first`, `ts`, `partition`, `offset`, `id`)
TTL `stored_at` + INTERVAL 30 YEAR
SETTINGS ttl_only_drop_parts = 1
COMMENT 'Codes that are worth nothing, a range each';

CREATE TABLE IF NOT EXISTS headrace_store.trace_events
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
    `error_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'Where the event declares an earlier one wrong: when that was declared, UTC' CODEC(ZSTD(1)),
    `error_reason` LowCardinality(String) COMMENT 'Why that one was wrong',
    `late` UInt8 COMMENT '1 if it is too old to tell whether it was captured before, else 0' CODEC(ZSTD(1)),
    `body` String COMMENT 'The event itself, JSON' CODEC(ZSTD(3)),
    `site` LowCardinality(String) COMMENT 'Site of the machine where it happened; empty where the read point is none',
    `asset` LowCardinality(String) COMMENT 'That machine',
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `topic` LowCardinality(String) COMMENT 'Source topic: trace.events',
    `partition` Int32 COMMENT 'Partition of that topic' CODEC(ZSTD(1)),
    `offset` Int64 COMMENT 'Offset of the record in its partition' CODEC(Delta, ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(`ts`)
ORDER BY (`topology`, `enterprise`, `ts`, `event`, `partition`, `offset`, `id`)
TTL `stored_at` + INTERVAL 30 YEAR
SETTINGS ttl_only_drop_parts = 1
COMMENT 'Events of EPCIS 2.0';

-- Not by month, as an item is asked for and nobody knows when something happened to it: each part would have to be read.
-- In small pieces, as a resolver reads one item of millions: a piece is read and unpacked whole.
CREATE TABLE IF NOT EXISTS headrace_store.trace_items
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
    `offset` Int64 COMMENT 'Offset of the record in its partition' CODEC(Delta, ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PRIMARY KEY (`topology`, `item`)
ORDER BY (`topology`, `item`, `ts`, `event`, `role`, `partition`, `offset`, `id`)
TTL `stored_at` + INTERVAL 30 YEAR
SETTINGS index_granularity = 256, min_compress_block_size = 8192, max_compress_block_size = 16384
COMMENT 'Items and amounts of items, one row for each event that they are in';

CREATE TABLE IF NOT EXISTS headrace_store.trace_links
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
    `offset` Int64 COMMENT 'Offset of the record in its partition' CODEC(Delta, ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
ORDER BY (`topology`, `link`, `role`, `item`, `ts`, `event`, `partition`, `offset`, `id`)
TTL `stored_at` + INTERVAL 30 YEAR
SETTINGS index_granularity = 256, min_compress_block_size = 16384
COMMENT 'Items that events join: made of one another, or put into one another';

-- Likewise: whoever answers a scan asks when the first one was.
CREATE TABLE IF NOT EXISTS headrace_store.code_scans
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
    `offset` Int64 COMMENT 'Offset of the record in its partition' CODEC(Delta, ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
ORDER BY (`topology`, `item`, `ts`, `partition`, `offset`, `id`)
TTL `stored_at` + INTERVAL 30 YEAR
SETTINGS index_granularity = 256, min_compress_block_size = 8192, max_compress_block_size = 16384
COMMENT 'Codes that somebody read and asked a resolver about';
