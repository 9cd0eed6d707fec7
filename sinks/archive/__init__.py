"""The archive behind the codes, read from ClickHouse: the life of an item, its genealogy, recall lists."""
