"""What is usual at a time of the season, in plain Python."""

from dataclasses import dataclass, field

from streams.compute.detectors.season import Season


@dataclass
class Usual:
    """What was usual at a time of the season: the values by visits of bins, which are over but for the last."""

    season: Season
    visits: dict[int, list[float]] = field(default_factory=dict)

    def at(self, ts: int, x: float) -> float | None:
        width = self.season.period // self.season.bins
        self.visits.setdefault(ts // width, []).append(x)
        middle = ts - width // 2
        share = middle % width / width
        means = [self._mean(middle // width + step, ts // width) for step in (0, 1)]
        return None if None in means else means[0] * (1 - share) + means[1] * share

    def _mean(self, visit: int, running: int) -> float | None:
        mean, periods = None, 0
        for number, values in self.visits.items():
            if number != running and number % self.season.bins == visit % self.season.bins:
                total = 0.0
                for value in values:
                    total += value
                average = total / len(values)
                mean = average if mean is None else mean + max(1 / (periods + 1), 0.1) * (average - mean)
                periods += 1
        return mean
