"""Quality codes of the synthetic plant: what it puts codes on, and what becomes of it, as messages of `trace.events`.

Nothing of it is invented beside the shop floor: `traced_plant` reads what that says, and what the kettle measures, and
follows each pack from its pick list to the tower that its parts are mounted on. `catalogue` is the table of products
and customers, `minter` gives out codes, `epcis` writes events, `journey` is the way of a pack through the plant,
`delivery` what becomes of it outside and what people scan, `mishaps` schedules what goes wrong, and `wrong` lets it.
"""
