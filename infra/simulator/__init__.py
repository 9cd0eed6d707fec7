"""The synthetic tower plant (`headrace simulate`): invented machines with plausible signals and labelled faults.

`kinds` is the table of machine kinds and their signals, `assets` numbers the machines, `states` runs their duty cycles,
`flags` marks when analysers are calibrated, `faults` schedules what goes wrong with instruments and machines, `causes`
what drives the stacks over their limits. `process` has the stacks follow causes and set-points, `plant` computes the
readings, `labels` writes the truth about what goes wrong, `response` carries out commanded set-points, and `live` sends
the readings as time passes. `shop_floor/` has the machines make items: events of production, quality and logistics;
`trace/` has codes put on what is made.
What the plant does is a pure function of seed, time and the set-points' history. Nothing here is measured data.
"""
