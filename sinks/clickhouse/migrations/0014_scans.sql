-- What views of an enterprise's months need, where its events lie by month: `trace_items` lies by item.

ALTER TABLE headrace_store.trace_events
    ADD COLUMN IF NOT EXISTS `items` String COMMENT 'The items that it is about, a JSON array; without those used up in it, and without amounts of a class; empty before there was this column' CODEC(ZSTD(1)) AFTER `transformation`,
    ADD COLUMN IF NOT EXISTS `receiver` LowCardinality(String) COMMENT 'Who the items go to: of destinationList the owning party, else the possessing party, else the location; empty if none' AFTER `items`,
    ADD COLUMN IF NOT EXISTS `due` Nullable(DateTime64(3, 'UTC')) COMMENT 'When they are to be received, headrace:due of the event, UTC; NULL if not said' CODEC(ZSTD(1)) AFTER `receiver`;
