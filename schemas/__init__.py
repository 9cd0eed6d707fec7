"""Contracts: what comes in, what goes out, under which names, and how it can fail.

Everything the outside depends on lives here: the event that a gateway sends (`events`), the messages and rows that the
product produces (`results`), their deterministic identifiers (`identifiers`), the table of topics (`topics`), the bytes
on the wire (`codec`), the published JSON Schemas (`json_schemas`, generated into `schemas/json/`) and the error tree
(`errors`). It depends on the standard library and msgspec alone, so that any consumer may import it.
"""
