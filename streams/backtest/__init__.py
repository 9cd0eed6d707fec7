"""Detectors over history, to choose their settings by (`headrace backtest`).

`declared` reads declarations, `history` and `query` give what they are run over, `judge` runs the real bank, `scores`
writes what it found beside the rows, `summary` counts it, `plot` draws it.
"""
