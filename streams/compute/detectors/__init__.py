"""Detectors: what is remarkable about a series of values, decided point by point from the log alone.

One detector a file: its declaration (a frozen struct, part of the topology) and its running state. `base` is their
interface, `registry` the table of all kinds, `chart` what control charts share, `slots` state as arrays over series.
`bank` runs the declared detectors over the chunks of a partition, each in a `lane`, or `asset_lane` where it judges the
metrics of an asset together; `segments` puts a chunk in order.
No clock, no I/O, no metrics: the same log gives the same flags, however it is cut into chunks.
"""
