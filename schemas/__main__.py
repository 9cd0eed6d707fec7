"""`python -m schemas` writes the JSON Schemas to `schemas/json/`."""

from schemas.json_schemas import write

write()
