"""The shop floor of the synthetic plant: what machines make, how good that is, and how steel gets through the plant.

`catalogue` is the table of products, characteristics and steel, `mishaps` schedules what goes wrong, `machine` makes
items and has them measured and inspected, `yard` receives steel and picks it for cutting orders, `transport` carries
packs from machine to machine, and `floor` puts all of it in the order of its times. States are those of the readings.
A real plant takes minutes where this one takes seconds: items take 3 to 6 s, a cutting order comes every 8 s, a pack is
through the plant in half a minute.
"""
