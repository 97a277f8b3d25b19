"""Figures as Markdown tables, and as curves."""
import os
import shutil
import subprocess

PEERS = ("supervisord", "runit", "s6")
PRODUCT = "taskmaster"
SIZES = (100, 1000, 5000, 10_000)
BEGIN, END = "<!-- BEGIN figures -->\n", "<!-- END figures -->\n"


class Row:
    """A measure, and what it should be: at most (or at least) so many times another's, or so much.
    `base` is whose; None: there is nothing to compare it to."""

    def __init__(self, measure, title, base="limit", most=None, least=None, absolute=None):
        self.measure, self.title, self.base = measure, title, base
        self.most, self.least, self.absolute = most, least, absolute

    def target(self):
        if self.absolute is not None:
            return f"≤ {self.absolute:g}" if self.absolute else "0"
        if self.most is not None:
            return f"≤ {self.most:g} x {self.base}"
        return f"≥ {self.least:g} x {self.base}" if self.least is not None else ""

    def met(self, figures):
        """None where there is no target, or nothing to say."""
        value, ratio = figures.median(self.measure, PRODUCT), figures.ratio(self.measure, PRODUCT, self.base)
        if self.absolute is not None:
            return None if value is None else value <= self.absolute
        if ratio is None or (self.most is None and self.least is None):
            return None
        return ratio <= self.most if self.most is not None else ratio >= self.least


def main_rows():
    restart, start = {1: 1.3, 1000: 1.3, 5000: 1.0}, {1000: 1.0, 5000: 0.8, 10_000: 0.8}
    stop, status = {1000: 1.4, 5000: 1.4}, {1000: 6, 5000: 16}
    return [
        Row("restart_1", "restart of the only child, ms", most=restart[1]),
        *(Row(f"restart_{n}", f"restart among {n:,}, ms", most=restart.get(n)) for n in SIZES),
        *(Row(f"start_{n}", f"start of {n:,}, s", most=start.get(n)) for n in SIZES),
        *(Row(f"stop_{n}", f"stop of {n:,}, s", most=stop.get(n)) for n in SIZES),
        Row("memory_0", "memory with no child, KiB", absolute=1536),
        *(Row(f"memory_{n}", f"memory with {n:,}, KiB") for n in SIZES),
        *(Row(f"each_{n}", f"of that for each of {n:,}, KiB", base=None, absolute=10 if n == 1000 else None)
          for n in SIZES),
        Row("processes_1000", "processes of its own for 1,000"),
        Row("threads_1000", "threads for 1,000"),
        Row("descriptors_1000", "descriptors for 1,000"),
        Row("idle_cpu_1000", "CPU in 10 s with 1,000 idle, ms", absolute=0),
        Row("idle_switches_1000", "context switches in these 10 s", absolute=0),
        *(Row(f"status_{n}", f"status of {n:,}, ms", absolute=status.get(n)) for n in SIZES[1:]),
    ]


def log_rows():
    return [
        Row("log_4000_speed", "capture, writes of 4,000 bytes, MB/s", "copier", least=0.9),
        Row("log_4000_cpu", "CPU of that, s/GB", "copier", absolute=0.75),
        Row("log_4000_lost", "bytes lost", "copier", absolute=0),
        Row("log_100_speed", "capture, lines of 100 bytes, MB/s", "copier"),
        Row("log_100_cpu", "CPU of that, s/GB", "copier"),
        Row("log_100_lost", "bytes lost", "copier", absolute=0),
        Row("direct_speed", "no capture, writes of 4,000 bytes, MB/s", "file", least=0.95),
        Row("direct_cpu", "CPU of that, s/GB", "file", absolute=0),
    ]


def derive(figures):
    """Memory of each instance: what is more than with none."""
    for n in SIZES:
        for contender, values in figures.samples.get(f"memory_{n}", {}).items():
            none = figures.median("memory_0", contender)
            if none is not None:
                figures.samples.setdefault(f"each_{n}", {})[contender] = [(v - none) / n for v in values]


def number(value):
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def cell(figures, measure, contender):
    """Median (least to most), or why there is none."""
    values = figures.values(measure, contender)
    if not values:
        why = figures.notes.get("all", {}).get(contender)
        why = why or figures.notes.get(f"lives_{measure.rpartition('_')[2]}", {}).get(contender)
        return why or "-"
    median = number(figures.median(measure, contender))
    low, high = number(min(values)), number(max(values))
    return median if low == high else f"{median} ({low} to {high})"


def times(value):
    return "" if value is None else f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def verdict(row, figures):
    met = row.met(figures)
    return "" if met is None else "met" if met else "**missed**"


def measured(figures, rows):
    return [row for row in rows if figures.values(row.measure, PRODUCT)]


def product_table(figures, rows, peers):
    """Ours and the least first, then the others with how many times ours theirs is."""
    lines = ["| | taskmaster | the least | ratio | target | | " + " | ".join(peers) + " |",
             "|---|---|---|---|---|---|" + "---|" * len(peers)]
    for row in measured(figures, rows):
        cells = [row.title, cell(figures, row.measure, PRODUCT), cell(figures, row.measure, row.base),
                 times(figures.ratio(row.measure, PRODUCT, row.base)),
                 row.target(), verdict(row, figures)]
        for peer in peers:
            text = cell(figures, row.measure, peer)
            ours = figures.median(row.measure, PRODUCT)
            if ours and figures.values(row.measure, peer):
                text += f", {times(figures.ratio(row.measure, peer, PRODUCT))} x"
            cells.append(text)
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def plain_table(figures, titles, first, second, others=()):
    """The first, the second, the ratio of these, and others."""
    lines = [f"| | {first} | {second} | ratio |" + "".join(f" {other} |" for other in others),
             "|---|---|---|---|" + "---|" * len(others)]
    for measure, title in titles.items():
        if figures.values(measure, first):
            cells = [title, cell(figures, measure, first), cell(figures, measure, second),
                     times(figures.ratio(measure, first, second)),
                     *(cell(figures, measure, other) for other in others)]
            lines.append("| " + " | ".join(cells) + " |")
    return lines


def heading(about):
    return (f"{about['date']}, {about['processors']} processors ({about['model']}), Linux {about['kernel']}; "
            f"load before: {about['load']:.1f}{'; quick run' if about['quick'] else ''}. "
            "Median (least to most) of what was measured in turns; `x`: so many times ours.")


def main_table(figures):
    return [heading(figures.about), "", *product_table(figures, main_rows(), PEERS)]


def markdown(figures):
    cgroups = {row.measure: row.title for row in main_rows()
               if row.measure.startswith(("restart", "start", "stop", "memory_1000"))}
    queues = {"queue_0": "one thread, send and receive", "queue_1": "1 sender, 1 receiver",
              "queue_8": "8 senders, 8 receivers"}
    lines = ["# Figures", "", "What these are and why: [../README.md](../README.md).", "",
             *main_table(figures), "", "## Logs", "",
             "The least is a bare copier with a pipe and, without capture, the task alone with its file.", "",
             *product_table(figures, log_rows(), PEERS[:1]), "", "## Channels", "",
             "ns a message of 16 bytes, through a queue with room for 64.", "",
             *plain_table(figures, queues, "chan", "bare", ["go"]), "", "## With cgroups", "",
             "The others have none, so all above is with `cgroups: off`. This is `cgroups: auto`, where "
             f"`describe` says `kill: {figures.about.get('kill', '?')}`.", "",
             *plain_table(figures, cgroups, "taskmaster with cgroups", "taskmaster"), ""]
    return "\n".join(lines)


CURVES = {
    "restart": ("Restart of one among N, ms", "restart_{}", (1, *SIZES), 1),
    "start": ("Start of N, s", "start_{}", SIZES, 1),
    "memory": ("Memory of the supervisor with N, MiB", "memory_{}", SIZES, 1024),
}


def curves(figures, directory):
    """Draws them with gnuplot; returns why not, or None."""
    if not shutil.which("gnuplot"):
        return "no gnuplot here: no curves"
    for name, (title, measure, sizes, unit) in CURVES.items():
        blocks, plots = [], []
        for contender in ("limit", PRODUCT, *PEERS):
            points = [(n, figures.median(measure.format(n), contender)) for n in sizes]
            points = [f"{n} {value / unit}" for n, value in points if value]
            if points:
                tag = f"${contender}"
                blocks.append(f"{tag} << EOD\n" + "\n".join(points) + "\nEOD\n")
                width = 3 if contender == PRODUCT else 1
                plots.append(f'{tag} with linespoints lw {width} pt 7 ps 0.5 title "{contender}"')
        script = (f'set terminal svg size 640,400 background "white"\nset output "{name}.svg"\n'
                  f'set title "{title}"\nset logscale xy\nset key outside right\nset grid\n'
                  f'set xlabel "N"\nset xrange [{min(sizes)}:10000]\n' + "".join(blocks) +
                  "plot " + ", ".join(plots) + "\n")
        if plots:
            subprocess.run(["gnuplot"], input=script, text=True, check=True, cwd=directory)
    return None


def write(figures, directory):
    """figures.json, figures.md and the curves."""
    derive(figures)
    figures.save(os.path.join(directory, "figures.json"))
    with open(os.path.join(directory, "figures.md"), "w", encoding="utf-8") as file:
        file.write(markdown(figures))
    return curves(figures, directory)


def into_readme(figures, path):
    """Replaces the table between the two marks."""
    with open(path, encoding="utf-8") as file:
        before, _, rest = file.read().partition(BEGIN)
    _, found, after = rest.partition(END)
    if found:
        with open(path, "w", encoding="utf-8") as file:
            file.write(before + BEGIN + "\n".join(main_table(figures)) + "\n" + END + after)
