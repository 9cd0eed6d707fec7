"""The life of alarms: conditions that come on and go off (`conditions`, in the partition of the readings), and what
becomes of them among operators (`lifecycle`, in the partition of the alarm actions).
"""
