"""Standing alarms in Prometheus Alertmanager (API v2).

`alerts` says what an alarm is there, `peer` keeps one Alertmanager of a cluster informed, `outlet` is the board.
"""
