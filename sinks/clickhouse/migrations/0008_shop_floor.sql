ALTER TABLE headrace_store.ledger
    ADD COLUMN IF NOT EXISTS `rows` Map(LowCardinality(String), UInt64) COMMENT 'Rows emitted by table, of production, quality and logistics' CODEC(ZSTD(1)) AFTER `dead_letters`;
