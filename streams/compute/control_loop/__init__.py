"""The control loop: an alarm is answered by moving a set-point, step by step, as a playbook says, and back again.

Levels of the series that playbooks name are sampled in the partitions of the readings (`sampler`); everything is
decided in the partition of the alarm actions (`loop`), for each playbook by its `answer`.
"""
