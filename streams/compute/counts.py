"""The counts of a source partition, from which the ledger is written."""

from dataclasses import dataclass


@dataclass(slots=True)
class Counts:
    """What became of everything that was read, since the beginning of the partition's log.

    records: Kafka records read. events = accepted + late + duplicate + dead_letter, where an unusable record counts as
    one event. An event is a duplicate where all its values repeat earlier ones; points_duplicate: values that do, of
    those and of other events. points: the other values of the accepted and late events; points_invalid: those of them
    whose data flag says that nothing was measured, which stay out of windows and detectors. gaps: offsets that hold no
    record to read (markers of transactions, aborted records). skipped: records that the log had deleted before they
    could be read. compliance_late: points that came too late for the minute of a rule. aggregates, anomalies,
    compliance, headroom, emitted_mass, alarms, adjustments, dead_letters: result rows given out. conditions: conditions
    of alarms that came on or went off, levels: messages with a reading that playbooks need, acks: acknowledgements of
    adjustments; each of these is sent to the alarm actions. feedback: rows of what people said of flags.
    changes: how often the topology has changed so that something began anew. settled: how often these counts have
    changed without a record: the partition fell idle, or records were deleted.
    """

    records: int = 0
    events: int = 0
    accepted: int = 0
    late: int = 0
    duplicate: int = 0
    dead_letter: int = 0
    points: int = 0
    points_invalid: int = 0
    points_duplicate: int = 0
    gaps: int = 0
    skipped: int = 0
    compliance_late: int = 0
    aggregates: int = 0
    anomalies: int = 0
    compliance: int = 0
    headroom: int = 0
    emitted_mass: int = 0
    conditions: int = 0
    levels: int = 0
    acks: int = 0
    feedback: int = 0
    alarms: int = 0
    adjustments: int = 0
    dead_letters: int = 0
    changes: int = 0
    settled: int = 0
