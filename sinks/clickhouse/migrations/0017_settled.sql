-- A partition can have several rows at one place of its log. A worker that was stopped in the midst of an insert and wakes later
-- must not put an older one in the place of a newer one, so the key tells them apart.
ALTER TABLE headrace_store.ledger
    ADD COLUMN IF NOT EXISTS `settled` UInt64 COMMENT 'How often something that is not in the log has changed the counts: a partition that fell idle, a changed topology. Of rows with one next_offset that with the largest holds' AFTER `next_offset`,
    MODIFY ORDER BY (`topology`, `topic`, `partition`, `next_offset`, `settled`);
