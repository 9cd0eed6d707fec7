-- Views of traceability. Each is made for questions about some items: a predicate on `item`, or on `link`, goes down to
-- the sorting keys of the tables. What has been declared wrong counts in none but item_life, where it is marked.

CREATE OR REPLACE VIEW headrace.item_life
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `item` String COMMENT 'Which: the text of a code, the path of a GS1 Digital Link, or another URI',
    `ts` DateTime64(3, 'UTC') COMMENT 'When it happened, UTC',
    `event` String COMMENT 'Hash of the event',
    `role` LowCardinality(String) COMMENT 'What the item is in the event: epc, parent, child, input or output',
    `enterprise` LowCardinality(String) COMMENT 'Prefix of the enterprise that captured it',
    `type` LowCardinality(String) COMMENT 'ObjectEvent, AggregationEvent, TransactionEvent, TransformationEvent or AssociationEvent',
    `action` LowCardinality(String) COMMENT 'ADD, OBSERVE or DELETE; empty for transformations',
    `biz_step` LowCardinality(String) COMMENT 'What was done: a word of the Core Business Vocabulary, or a URI',
    `disposition` LowCardinality(String) COMMENT 'Condition of the item afterwards, likewise',
    `read_point` LowCardinality(String) COMMENT 'Where it was seen, a URI',
    `site` LowCardinality(String) COMMENT 'Site of the machine where it happened; empty where the read point is none',
    `asset` LowCardinality(String) COMMENT 'That machine',
    `quantity` Nullable(Float64) COMMENT 'How much of a class of items, in the unit uom; NULL for a single item',
    `uom` LowCardinality(String) COMMENT 'Unit after UN/CEFACT Recommendation 20; empty for a number of items',
    `link` String COMMENT 'What joins it to the other items of the event; empty where nothing does',
    `wrong` UInt8 COMMENT '1 if the event has been declared wrong, else 0'
)
AS SELECT
    `topology`, `item`, `ts`, `event`, `role`, `enterprise`, any(`one`.`type`) AS `type`, any(`one`.`action`) AS `action`,
    any(`one`.`biz_step`) AS `biz_step`, any(`one`.`disposition`) AS `disposition`,
    any(`one`.`read_point`) AS `read_point`, any(`one`.`site`) AS `site`, any(`one`.`asset`) AS `asset`,
    max(`one`.`quantity`) AS `quantity`, any(`one`.`uom`) AS `uom`, any(`one`.`link`) AS `link`,
    max(`one`.`error`) AS `wrong`
FROM headrace_store.trace_items AS `one`
GROUP BY `topology`, `item`, `ts`, `event`, `role`, `enterprise`
COMMENT 'The events that name an item, each once';

CREATE OR REPLACE VIEW headrace.item_state
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `item` String COMMENT 'Which: the text of a code, the path of a GS1 Digital Link, or another URI',
    `ts` DateTime64(3, 'UTC') COMMENT 'Of the newest event that names it, UTC',
    `enterprise` LowCardinality(String) COMMENT 'Prefix of the enterprise that captured that',
    `biz_step` LowCardinality(String) COMMENT 'What was done then: a word of the Core Business Vocabulary, or a URI',
    `disposition` LowCardinality(String) COMMENT 'Condition as the newest event says that says one; empty if none does',
    `read_point` LowCardinality(String) COMMENT 'Where it was seen last, a URI; empty if nowhere'
)
AS SELECT
    `topology`, `item`, max(`one`.`at`) AS `ts`, argMax(`one`.`who`, (`one`.`at`, `one`.`hash`)) AS `enterprise`,
    argMax(`one`.`step`, (`one`.`at`, `one`.`hash`)) AS `biz_step`,
    argMaxIf(`one`.`condition`, (`one`.`at`, `one`.`hash`), `one`.`condition` != '') AS `disposition`,
    argMaxIf(`one`.`place`, (`one`.`at`, `one`.`hash`), `one`.`place` != '') AS `read_point`
FROM
(
    SELECT
        `topology`, `item`, `ts` AS `at`, `event` AS `hash`, `enterprise` AS `who`, any(`row`.`biz_step`) AS `step`,
        any(`row`.`disposition`) AS `condition`, any(`row`.`read_point`) AS `place`
    FROM headrace_store.trace_items AS `row`
    GROUP BY `topology`, `item`, `ts`, `event`, `role`, `enterprise`
    HAVING max(`row`.`error`) = 0
) AS `one`
GROUP BY `topology`, `item`
COMMENT 'What is known of each item last, after the events that name it; those of a pack that it is in do not';

CREATE OR REPLACE VIEW headrace.genealogy
(
    `topology` LowCardinality(String) COMMENT 'Name of the topology',
    `link` String COMMENT 'The transformation: its event, or the id that joins several events',
    `input` String COMMENT 'What was used up',
    `output` String COMMENT 'What was made of it, and of all other inputs of the link',
    `ts` DateTime64(3, 'UTC') COMMENT 'When that was made, UTC',
    `enterprise` LowCardinality(String) COMMENT 'Prefix of the enterprise that captured it',
    `site` LowCardinality(String) COMMENT 'Site of the machine that made it; empty where the read point is none',
    `asset` LowCardinality(String) COMMENT 'That machine',
    `input_quantity` Nullable(Float64) COMMENT 'How much was used up, in the unit input_uom; NULL for a single item',
    `input_uom` LowCardinality(String) COMMENT 'Unit after UN/CEFACT Recommendation 20; empty for a number of items',
    `output_quantity` Nullable(Float64) COMMENT 'How much was made, in the unit output_uom; NULL for a single item',
    `output_uom` LowCardinality(String) COMMENT 'Unit, likewise'
)
AS SELECT
    `topology`, `link`, `used`.`item` AS `input`, `made`.`item` AS `output`, `made`.`at` AS `ts`,
    `enterprise`, `made`.`where` AS `site`, `made`.`machine` AS `asset`,
    `used`.`amount` AS `input_quantity`, `used`.`unit` AS `input_uom`, `made`.`amount` AS `output_quantity`,
    `made`.`unit` AS `output_uom`
FROM
(
    SELECT
        `topology`, `link`, `enterprise`, `item`, `event`, max(`row`.`quantity`) AS `amount`, any(`row`.`uom`) AS `unit`
    FROM headrace_store.trace_links AS `row`
    WHERE `role` = 'input'
    GROUP BY `topology`, `link`, `enterprise`, `item`, `event`
    HAVING max(`row`.`error`) = 0
) AS `used`
INNER JOIN
(
    SELECT
        `topology`, `link`, `enterprise`, `item`, `event`, `ts` AS `at`, any(`row`.`site`) AS `where`,
        any(`row`.`asset`) AS `machine`, max(`row`.`quantity`) AS `amount`, any(`row`.`uom`) AS `unit`
    FROM headrace_store.trace_links AS `row`
    WHERE `role` = 'output'
    GROUP BY `topology`, `link`, `enterprise`, `item`, `event`, `ts`
    HAVING max(`row`.`error`) = 0
) AS `made` USING (`topology`, `link`, `enterprise`)
COMMENT 'What was made of what, a row for each pair of a transformation as an enterprise captured it; ask by link';
