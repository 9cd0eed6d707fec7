"""Feedback in: what people say of an anomaly flag, on `anomaly.feedback`.

One JSON object per message, under the key `site/asset` of the flag, from `headrace feedback` or any client.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from schemas.alarm_actions import LONGEST_REASON
from schemas.events import LONGEST_NAME, Verdict

_Name = Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]


class Feedback(msgspec.Struct, frozen=True, gc=False):
    """Whether a flag was right. Fields that are not listed are ignored."""

    anomaly: _Name
    """Id of the flag."""
    verdict: Verdict
    """`true`: it was right. `false`: it was wrong. `expected`: it was right, and nobody needed to be told."""
    by: _Name
    """Who says so."""
    reason: Annotated[str, Meta(max_length=LONGEST_REASON)]
    """Why, for people."""
    topology: _Name
    """As in the flag; feedback on flags of other topologies is left alone."""
    topic: _Name
    """As in the flag: its source topic."""
    partition: int
    """As in the flag: the partition of its source topic."""
    site: _Name
    """As in the flag."""
    asset: _Name
    """As in the flag."""
    metric: _Name
    """As in the flag."""
    detector: _Name
    """As in the flag."""
