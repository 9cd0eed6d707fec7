-- A resolver follows what happens to codes: a thousand in a row are one run. It asks for what is new, which lies by item
-- or by month; the indices let it leave out the rest (of what is stored from now on: older parts are read whole).

ALTER TABLE headrace_store.trace_events
    ADD COLUMN IF NOT EXISTS `runs` String COMMENT 'The codes that it names, also those used up in it: of each product first and last serial of each run, in turn, a JSON object of arrays; empty before there was this column' CODEC(ZSTD(1)) AFTER `items`,
    ADD INDEX IF NOT EXISTS stored stored_at TYPE minmax GRANULARITY 1;

ALTER TABLE headrace_store.code_scans
    ADD INDEX IF NOT EXISTS stored stored_at TYPE minmax GRANULARITY 1;
