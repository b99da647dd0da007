# SPDX-License-Identifier: MIT
"""The table that every benchmark ends in: cases, each with its rows, and a foot
with all that the figures depend on. A row compares what two measures gave, a
with b, or a with a goal. Figures are medians of the runs; a ratio is the median
of the ratios of each run.
"""
import json
import platform
import statistics
import subprocess
import textwrap

from benchlib import CLIENT_CORES, CORES, SERVER_CORES, Ratio, in_turn

SATURATED = 0.95  # of the processor's time
DISTURBED = 0.05  # of the time, the server waited for its processor
LATE = 0.5  # of the latency, uppercase-load was late itself
WIDTH = 100
COLUMNS = "{:<22} {:<22} {:>12} {:>12} {:>6} {:>11} {:>6} {}"


class Sample:
    """One run of one server: its figures, by their units, and what the clients
    told. Of what it spent: how much of the time it wanted its processor, and had
    to wait for it."""

    def __init__(self, figures, spent=None, count=None, told=None):
        self.figures = figures
        self.count = count
        self.told = told
        self.wanted = (spent.used + spent.waited) / spent.wall if spent else None
        self.waited = spent.waited / spent.wall if spent else None

    def is_generators_own(self):
        """Whether uppercase-load said that itself was the limit."""
        return bool(self.told and self.told.get("generator", {}).get("limited"))


class Row:
    """A comparison of measure a with measure b, or without b of a with its goal. A
    pair of measures stands for the quotient of the two. The ratio is good when it
    is at_most or at_least so much, or within so much of 1; when a is below floor it
    is good as well."""

    def __init__(self, beside, a, b=None, at_most=None, at_least=None, within=None,
                 floor=0, unit="ns", title=None):
        self.beside = beside
        self.a = a
        self.b = b
        self.at_most = at_most
        self.at_least = at_least
        self.within = within
        self.floor = floor
        self.unit = unit
        self.title = title

    def labels(self):
        """Of the measures that it needs."""
        both = [side if isinstance(side, tuple) else (side,)
                for side in (self.a, self.b) if side]
        return [label for side in both for label in side]

    def goal(self):
        if self.within is not None:
            return f"+-{self.within:.2f}"
        if self.at_least is not None:
            return f">={self.at_least:.2f}"
        if self.at_most is None:
            return "-"
        return f"{self.at_most:.2f}" if self.b else f"{self.at_most:,.0f}"


class Case:
    """One thing that is measured on several servers, and what is compared. The note
    is for the foot; draw() gets the samples and returns lines below the rows."""

    def __init__(self, name, title, measures, rows, note=None, draw=None):
        self.name = name
        self.title = title
        self.rows = [row for row in rows if all(k in measures for k in row.labels())]
        used = {label for row in self.rows for label in row.labels()}
        self.measures = {k: v for k, v in measures.items() if k in used}
        self.note = note
        self.draw = draw


def values(samples, side, unit):
    if isinstance(side, tuple):
        pair = [values(samples, label, unit) for label in side]
        return [x / y for x, y in zip(*pair)]
    return [sample.figures[unit] for sample in samples[side]]


def is_disturbed(row, samples):
    """Whether other programs had a part in the latencies that the row compares: they
    took the server's processor, or that of uppercase-load, which then sends late."""
    for label in row.labels():
        server = [s.waited for s in samples[label]]
        late = [s.told["generator"]["lateness_us"]["p99"] / s.told["latency_us"]["p99"]
                for s in samples[label]]
        if statistics.median(server) > DISTURBED or statistics.median(late) > LATE:
            return True
    return False


def judge(row, a, ratio, samples):
    """Whether the goal is met; "?" for a latency that other programs made."""
    if row.within is not None:
        return "yes" if abs(ratio - 1) <= row.within else "NO"
    if row.at_most is None and row.at_least is None:
        return "-"
    if row.at_least is not None:
        return "yes" if ratio >= row.at_least else "NO"
    if a < row.floor:
        return "yes"
    if row.floor and is_disturbed(row, samples):
        return "?"
    return "yes" if ratio <= row.at_most else "NO"


def amount(value, unit):
    if unit == "ns" and value >= 1e6:
        return f"{value / 1e3:,.0f} us"
    return f"{value:.2f} {unit}" if unit == "times" else f"{value:,.0f} {unit}"


def compared(row, samples):
    """The row's texts from column three on, and its values for the JSON."""
    unit = "times" if isinstance(row.a, tuple) else row.unit
    a = values(samples, row.a, row.unit)
    told = {"unit": unit, "ours": statistics.median(a), "all_ours": a,
            "at_most": row.at_most, "at_least": row.at_least}
    if not row.b:
        met = judge(row, told["ours"], told["ours"], samples)
        return [amount(told["ours"], unit), "-", "-", "-", row.goal(), met], told
    ratio = Ratio(a, values(samples, row.b, row.unit))
    met = judge(row, ratio.a, ratio.median, samples)
    told.update(its=ratio.b, ratio=ratio.median, ratios=ratio.all)
    return [amount(ratio.a, unit), amount(ratio.b, unit), f"{ratio.median:.3f}",
            f"{ratio.least:.2f}-{ratio.most:.2f}", row.goal(), met], told


def show_head():
    print(COLUMNS.format("case", "beside", "ours", "its", "ratio", "runs", "goal", "met"),
          flush=True)


def run_case(runs, case):
    """Measures, shows the rows, and returns them for the JSON, with the samples."""
    samples = in_turn(runs, case.measures)
    rows = []
    for row in case.rows:
        texts, told = compared(row, samples)
        title = row.title or case.title
        print(COLUMNS.format(title, row.beside, *texts), flush=True)
        rows.append({"case": case.name, "title": title, "beside": row.beside, "a": row.a,
                     "b": row.b, **told, "met": {"yes": True, "NO": False}.get(texts[-1])})
    for line in case.draw(samples) if case.draw else []:
        print(line, flush=True)
    return rows, samples


def processor():
    with open("/proc/cpuinfo") as f:
        for line in f:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def setting(bench):
    """All that the figures depend on."""
    out = subprocess.run([bench.args.server, "--version"], capture_output=True, text=True)
    return {"date": bench.date, "kernel": platform.release(), "processor": processor(),
            "processors": len(CORES), "server_processors": sorted(SERVER_CORES),
            "client_processors": sorted(CLIENT_CORES), "runs": bench.args.runs,
            "nice": bench.args.nice, "ms": bench.args.ms, "ours": out.stdout.strip(),
            "versions": bench.peers.versions(), "missing": sorted(bench.peers.missing),
            "clients": bench.clients, "settings": bench.peers.all_settings()}


def say(text, indent=""):
    print(textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ",
                        break_on_hyphens=False, break_long_words=False))


def say_of_samples(text, samples, tell):
    """The text, and for each case what tell() has to tell of each label's samples."""
    parts = []
    for case, by in samples.items():
        told = {label: tell(each) for label, each in by.items()}
        told = [f"{label} {what}" for label, what in told.items() if what]
        if told:
            parts.append(f"{case}: {', '.join(told)}")
    if parts:
        say(f"{text}: {'; '.join(parts)}.")


def unsaturated(samples):
    shares = [s.wanted for s in samples if s.wanted is not None]
    if shares and statistics.median(shares) < SATURATED:
        return f"{statistics.median(shares):.0%}"


def disturbed(samples):
    worst = max((s.waited for s in samples if s.waited is not None), default=0)
    return f"{worst:.0%}" if worst > DISTURBED else None


def generators_own(samples):
    n = sum(s.is_generators_own() for s in samples)
    share = statistics.median(s.told["generator"]["cpu_share"] for s in samples) if n else 0
    return f"{share:.0%}" if n > len(samples) / 2 else None


def show_setting(bench, where):
    say(f"{where['date']}, Linux {where['kernel']}, {where['processors']} x "
        f"{where['processor']}; {where['ours']}. Medians of {where['runs']} runs of "
        f"{where['ms']} ms, the servers in turn, on processor {min(SERVER_CORES)}; clients "
        f"on processor {', '.join(map(str, where['client_processors']))}" +
        (", which is the same." if CLIENT_CORES == SERVER_CORES else ".") +
        " Time is the server's CPU time for each exchange, where nothing else is said.")
    for command in where["clients"].values():
        say(command)
    for name, text in where["settings"].items():
        say(f"{name} {where['versions'][name.split()[0]]}: " +
            " ".join(text.replace(bench.folder, "DIR").split()))
    if where["missing"]:
        say("Not installed: " + ", ".join(where["missing"]) + ".")


def show_foot(bench, where, cases, samples):
    print()
    show_setting(bench, where)
    for case in cases:
        if case.note:
            say(case.note)
    say_of_samples("The server's processor was not saturated (share of the time)",
                   samples, unsaturated)
    say_of_samples("The load generator was the limit (share of a processor that it used)",
                   samples, generators_own)
    say_of_samples("Other programs took the server's processor (worst run's share of the "
                   "time)", samples, disturbed)
    for text, n in bench.warnings.items():
        say(f"WARNING: {text} ({n} runs)")


def write_json(path, bench, where, rows, samples):
    runs = {case: {label: [vars(s) for s in each] for label, each in by.items()}
            for case, by in samples.items()}
    with open(path, "w") as f:
        json.dump({"setting": where, "rows": rows, "runs": runs,
                   "warnings": bench.warnings}, f, indent="\t")
