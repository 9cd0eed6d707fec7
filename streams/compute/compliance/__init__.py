"""Emission verdicts: does a stack comply, hour by hour and day by day, by the rules of its country.

Readings become minutes (`minutes`), minutes become the periods of a rule (`periods`), each of which gets a verdict
with its evidence (`verdict`); while a period runs, `headroom` says how it will end. `mass` adds up what was emitted.
Rule packs are data (`packs`), a topology's rules are declared (`rule`), and `compliance` runs all of it.
"""
