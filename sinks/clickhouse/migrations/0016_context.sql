-- A recall reads the events of ten thousand items that lie all over the table: each column that it reads costs it as much
-- as the next, so all that an event says of an item is in one column, too. Words that may hold anything have no tab there.
-- Parts of before have it worked out as they are read; `ALTER TABLE headrace_store.trace_items MATERIALIZE COLUMN context`
-- writes it.
-- No LowCardinality: where a part has more than 8,192 of them, a dictionary is read with every piece. Blocks end with a
-- granule as a rule, so that no other is unpacked.

ALTER TABLE headrace_store.trace_items
    ADD COLUMN IF NOT EXISTS `context` String MATERIALIZED concatWithSeparator('\t', role, enterprise, toString(error), type, action, translate(biz_step, '\t', ' '), translate(disposition, '\t', ' '), read_point, translate(site, '\t', ' '), translate(asset, '\t', ' '), ifNull(toString(quantity), ''), translate(uom, '\t', ' '), link) COMMENT 'Role, enterprise, error and so on to link, a tab between each' CODEC(ZSTD(3)) SETTINGS (min_compress_block_size = 16384, max_compress_block_size = 65536) AFTER `offset`;
