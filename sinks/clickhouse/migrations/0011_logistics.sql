CREATE TABLE IF NOT EXISTS headrace_store.stock_levels
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
    `offset` Int64 COMMENT 'Offset of the record in its partition' CODEC(Delta, ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(`ts`)
ORDER BY (`topology`, `site`, `asset`, `bin`, `ts`, `partition`, `offset`, `id`)
TTL `stored_at` + INTERVAL 10 YEAR
SETTINGS ttl_only_drop_parts = 1
COMMENT 'What each bin holds after each change';

CREATE TABLE IF NOT EXISTS headrace_store.pick_lists
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
    `offset` Int64 COMMENT 'Offset of the record in its partition' CODEC(Delta, ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(`ts`)
ORDER BY (`topology`, `site`, `asset`, `order`, `ts`, `partition`, `offset`, `id`)
TTL `stored_at` + INTERVAL 10 YEAR
SETTINGS ttl_only_drop_parts = 1
COMMENT 'Lines of pick lists: what robots are to fetch for cutting orders';

CREATE TABLE IF NOT EXISTS headrace_store.picks
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
    `offset` Int64 COMMENT 'Offset of the record in its partition' CODEC(Delta, ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(`ts`)
ORDER BY (`topology`, `site`, `asset`, `order`, `ts`, `partition`, `offset`, `id`)
TTL `stored_at` + INTERVAL 10 YEAR
SETTINGS ttl_only_drop_parts = 1
COMMENT 'What robots took, and whether it was what the pick list wanted';

CREATE TABLE IF NOT EXISTS headrace_store.moves
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
    `offset` Int64 COMMENT 'Offset of the record in its partition' CODEC(Delta, ZSTD(1)),
    `stored_at` DateTime('UTC') MATERIALIZED now() COMMENT 'When the row was written, UTC, to the second; retention counts from here' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(`ts`)
ORDER BY (`topology`, `site`, `asset`, `ts`, `partition`, `offset`, `id`)
TTL `stored_at` + INTERVAL 3 YEAR
SETTINGS ttl_only_drop_parts = 1
COMMENT 'What was carried from place to place, and how many items lie at both places afterwards';
