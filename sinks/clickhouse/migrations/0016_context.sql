-- A recall reads the events of ten thousand items that lie all over the table: each column that it reads costs it as much
-- as the next. So what the items of an event share is in one column, too. Parts of before have it worked out as they are
-- read; `ALTER TABLE headrace_store.trace_items MATERIALIZE COLUMN context` writes it.
-- No LowCardinality: where a part has more than 8,192 of them, a dictionary is read with every piece.

ALTER TABLE headrace_store.trace_items
    ADD COLUMN IF NOT EXISTS `context` String MATERIALIZED concatWithSeparator('\t', role, enterprise, type, action, translate(biz_step, '\t', ' '), translate(disposition, '\t', ' '), read_point, translate(site, '\t', ' '), translate(asset, '\t', ' ')) COMMENT 'Those columns, a tab between each' CODEC(ZSTD(3)) SETTINGS (min_compress_block_size = 32768, max_compress_block_size = 32768) AFTER `offset`;
