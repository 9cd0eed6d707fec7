"""The synthetic tower plant (`headrace simulate`): invented machines with plausible signals and labelled faults.

`kinds` is the table of machine kinds and their signals, `assets` numbers the machines, `states` runs their duty cycles,
`flags` marks when analysers are calibrated, `faults` schedules what goes wrong, `plant` computes the readings, `labels`
writes the truth about the faults, and `live` sends the readings as time passes. What the plant does is a pure function
of seed and time. Nothing here is measured data.
"""
