"""What was measured: samples by measure and contender."""
import json
import statistics


class Figures:
    """`samples[measure][contender]` is a list of numbers; `notes` the same with a text where there are none."""

    def __init__(self):
        self.samples, self.notes, self.about = {}, {}, {}

    def add(self, measure, contender, *values):
        self.samples.setdefault(measure, {}).setdefault(contender, []).extend(values)

    def note(self, measure, contender, text):
        self.notes.setdefault(measure, {})[contender] = text

    def values(self, measure, contender):
        return self.samples.get(measure, {}).get(contender, [])

    def median(self, measure, contender):
        values = self.values(measure, contender)
        return statistics.median(values) if values else None

    def ratio(self, measure, contender, other):
        """Of the medians; None where one is missing."""
        own, base = self.median(measure, contender), self.median(measure, other)
        return own / base if own is not None and base else None

    def save(self, path):
        measures = {measure: {contender: {"median": statistics.median(values), "min": min(values),
                                          "max": max(values), "samples": values}
                              for contender, values in by.items()}
                    for measure, by in self.samples.items()}
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"about": self.about, "measures": measures, "notes": self.notes}, file, indent=1)
            file.write("\n")

    def load(self, path):
        with open(path, encoding="utf-8") as file:
            stored = json.load(file)
        self.about, self.notes = stored["about"], stored["notes"]
        self.samples = {measure: {contender: row["samples"] for contender, row in by.items()}
                        for measure, by in stored["measures"].items()}
