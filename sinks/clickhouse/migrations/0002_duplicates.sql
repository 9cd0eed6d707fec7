ALTER TABLE headrace_store.ledger
    ADD COLUMN IF NOT EXISTS `points_duplicate` UInt64 COMMENT 'Points left out because an earlier one has their asset, metric and event time' CODEC(Delta, ZSTD(1)) AFTER `points_invalid`,
    ADD COLUMN IF NOT EXISTS `left_out` Map(LowCardinality(String), Int64) COMMENT 'Points that came when the window was not yet declared, or otherwise, by name of the window; below 0 where they went into more windows than they would now' CODEC(ZSTD(1)) AFTER `late_points`,
    COMMENT COLUMN `duplicate` 'Events whose values all repeat earlier ones',
    COMMENT COLUMN `points` 'Points (values) of accepted and late events, duplicates left out';
