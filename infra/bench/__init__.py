"""Benchmarks: headrace and its neighbours over the same log, latency in an open loop, how headrace scales, whether
it stays as it is under a long load, what its control loop is worth, and what a billion codes cost.

`windows`, `latency`, `scale`, `soak`, `control` and `codes` are the benchmarks and `quick` their guard; each runs on a
stack of its own (`arena`). `workload` makes the events, `oracle` what must come out, `measure` looks at the processes
from outside, and `systems` says how each system is started. `programs/` holds what runs in environments of its own: the
neighbours, and the plots.
"""
