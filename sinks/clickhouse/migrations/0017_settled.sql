-- A partition can have several rows at one place of its log. A worker that was stopped in the midst of an insert and wakes later
-- must not put an older one in the place of a newer one, so the key tells them apart.
ALTER TABLE headrace_store.ledger
    ADD COLUMN IF NOT EXISTS `changes` UInt64 COMMENT 'How often the topology has changed so that something began anew' AFTER `next_offset`,
    ADD COLUMN IF NOT EXISTS `settled` UInt64 COMMENT 'How often the counts have changed without a record: the partition fell idle, or records were deleted. Of rows with one next_offset the last one has the largest changes, and of these the largest settled' AFTER `changes`,
    MODIFY ORDER BY (`topology`, `topic`, `partition`, `next_offset`, `changes`, `settled`);
