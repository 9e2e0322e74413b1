"""What a run found, as a table and as JSON, and what of it is worse than the thresholds allow."""

import statistics


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


class Comparison:
    """A subject beside a reference.

    - name: `memory-8k/nginx`
    - samples: of the subject and of each variant of the reference, one a round; the best variant counts
    """

    def __init__(self, name, subject, references, aim):
        self.name, self.aim = name, aim or {}
        reference = max(references, key=lambda samples: statistics.median(sample.rate for sample in samples))
        pairs = list(zip(subject, reference, strict=True))
        self.ratio = spread([mine.rate / other.rate for mine, other in pairs])
        self.p99 = spread([mine.p99 / max(other.p99, 1) for mine, other in pairs])
        self.rates = [statistics.median(sample.rate for sample in samples) for samples in (subject, reference)]
        self.p99s = [statistics.median(sample.p99 for sample in samples) for samples in (subject, reference)]

    @property
    def regressions(self):
        if (least := self.aim.get("ratio")) and self.ratio["median"] < least:
            yield f"{self.name}: {self.ratio['median']:.2f}× is less than {least}×"
        if (most := self.aim.get("p99")) and self.p99["median"] > most:
            yield f"{self.name}: p99 of {self.p99['median']:.2f}× is more than {most}×"

    def row(self):
        aims = [f"≥ {self.aim['ratio']}×"] if "ratio" in self.aim else []
        aims += [f"p99 ≤ {self.aim['p99']}×"] if "p99" in self.aim else []
        return [
            self.name, f"{self.ratio['median']:.2f}×", f"{self.ratio['min']:.2f}–{self.ratio['max']:.2f}",
            f"{self.p99['median']:.2f}×", *(f"{rate:,.0f}/s" for rate in self.rates),
            *(f"{microseconds / 1000:.2f}" for microseconds in self.p99s), ", ".join(aims),
            "" if not self.aim else "missed" if list(self.regressions) else "met",
        ]

    def json(self):
        return {
            "name": self.name, "ratio": self.ratio, "p99_ratio": self.p99, "requests_per_second": self.rates,
            "p99_microseconds": self.p99s, "aim": self.aim,
        }


class Figure:
    """Something of the subject alone, in a unit; less is better."""

    def __init__(self, name, unit, values, most):
        self.name, self.unit, self.most = name, unit, most
        self.values = spread(values)

    @property
    def regressions(self):
        if self.most is not None and self.values["median"] > self.most:
            yield f"{self.name}: {self.values['median']:.1f} {self.unit} is more than {self.most} {self.unit}"

    def row(self):
        return [
            self.name, f"{self.values['median']:.1f} {self.unit}",
            f"{self.values['min']:.1f}–{self.values['max']:.1f}", "", "", "", "", "",
            "" if self.most is None else f"≤ {self.most} {self.unit}",
            "" if self.most is None else "missed" if list(self.regressions) else "met",
        ]

    def json(self):
        return {"name": self.name, "unit": self.unit, "value": self.values, "aim": self.most}


HEADER = ["what / beside what", "ratio", "min–max", "p99 ratio", "quran", "other", "p99 ms", "other", "aim", ""]


def table(results):
    rows = [HEADER, *(result.row() for result in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    lines = []
    for row in rows:
        cells = [text.ljust(width) if column in (0, 8) else text.rjust(width)
                 for column, (text, width) in enumerate(zip(row, widths))]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "─" * max(map(len, lines)))
    return "\n".join(lines)
