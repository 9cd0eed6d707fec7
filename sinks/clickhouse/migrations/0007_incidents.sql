ALTER TABLE headrace_store.anomalies
    ADD COLUMN IF NOT EXISTS `incident` String COMMENT 'Id of the incident: the same for all flags of an asset that come within ten minutes of one another; empty before there were incidents' CODEC(ZSTD(1)) AFTER `reason`;
