# SPDX-License-Identifier: MIT
"""Load by uppercase-load, and what that cost the server. It tells of each interval
as it ends, so the server is looked at within the run: connecting, warming up and
the end do not count.
"""
import json
import os
import subprocess

from benchlib import CLIENT_CORES, Spent, on
from table import Sample
from webcheck import end_idle, idle_connections, verify

BUSY = 64
SIZE = 15
WARMUP_MS = 100
TIMEOUT_S = 5
WINDOW_END = 0.85  # of the time, after which an interval's end is that of the window


class Load:
    """What uppercase-load is to do, while some more connections do nothing. With a
    rate it keeps to that, else each client sends when it was answered."""

    def __init__(self, kind, clients=BUSY, size=SIZE, in_flight=1, idle=0, path=None,
                 rate=None, warmup_ms=WARMUP_MS):
        self.kind = kind
        self.clients = clients
        self.size = size  # of a message, or of the file at the path
        self.in_flight = in_flight
        self.idle = idle
        self.path = path
        self.rate = rate
        self.warmup_ms = warmup_ms

    def argv(self, bench, port, output):
        argv = [bench.args.load, "--quiet", f"--{self.kind}", "-c", str(self.clients),
                "-P", str(self.in_flight), "-j", str(min(4, len(CLIENT_CORES), self.clients)),
                "-d", f"{bench.args.ms}ms", f"--warmup={self.warmup_ms}ms",
                f"--timeout={TIMEOUT_S}s", "-o", output]
        if self.rate:
            argv += ["-R", str(self.rate)]
        if self.path:
            return [*argv, "127.0.0.1", str(port), self.path]
        return [*argv, "-s", str(self.size), "127.0.0.1", str(port)]


def standard_output(bench):
    """A name for it that ends as that of a file with a line for each interval."""
    path = f"{bench.folder}/stdout.ndjson"
    if not os.path.lexists(path):
        os.symlink("/dev/stdout", path)
    return path


class Window:
    """The part of a run in which the server is looked at: from the end of the first
    interval to that of one near the end."""

    def __init__(self, server, seconds):
        self.spent = Spent(server)
        self.end_s = seconds * WINDOW_END
        self.begun_s = self.ended_s = None
        self.last_s = self.count = 0

    def add(self, interval):
        now_s = interval["t_s"]
        if self.begun_s is None:
            self.begun_s = now_s
            self.spent.begin()
        elif self.ended_s is None:
            self.count += interval["rate"] * (now_s - self.last_s)
            if now_s >= self.end_s:
                self.ended_s = now_s
                self.spent.end()
        self.last_s = now_s

    def rate(self):
        """Exchanges a second."""
        if self.ended_s is None or not self.count:
            raise SystemExit(f"{self.spent.server.name}: too few answers to measure it by")
        return self.count / (self.ended_s - self.begun_s)

    def figures(self, size):
        """By rates, since the server is looked at a little after an interval's end."""
        rate = self.rate()
        cost_ns = self.spent.used / self.spent.wall * 1e9 / rate
        return {"ns": cost_ns, "MB/s": rate * size / 1e6, "us/MB": cost_ns * 1e3 / size}


def check(bench, server, load, told):
    """Nothing may go wrong with ours; datagrams may be lost."""
    wrong = {k: told[k] for k in ("lost", "late", "corrupt", "failed") if told[k]}
    wrong.update(told["errors"])
    if not wrong:
        return
    text = f"{load.kind}, {load.clients} clients: {server.name}: " + \
        ", ".join(f"{k} {n}" for k, n in wrong.items())
    if not server.peer and (load.kind != "udp" or wrong.keys() - {"lost", "late"}):
        raise SystemExit(text)
    bench.warn(text.partition(": ")[0] + f": {server.name}: {', '.join(wrong)}")


def run(bench, server, load, at_once=False):
    """Returns what uppercase-load told at the end, and the window."""
    argv = load.argv(bench, server.port, standard_output(bench))
    bench.clients["uppercase-load"] = describe(bench)
    window = Window(server, bench.args.ms / 1000)
    told = None
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True,
                          **on(CLIENT_CORES, at_once)) as process:
        for line in process.stdout:
            line = json.loads(line)
            if "intervals" in line:
                told = line
            else:
                window.add(line)
        errors = process.stderr.read()
    if not told:
        raise SystemExit(f"uppercase-load with {server.name}: status "
                         f"{process.returncode}: {errors}")
    del told["histogram"]
    check(bench, server, load, told)
    return told, window


def describe(bench):
    words = Load("tcp", size="BYTES", clients=1).argv(bench, "PORT", "FILE.ndjson")
    words[0] = "uppercase-load"
    words[words.index("--tcp")] = "--PROTOCOL"
    words[words.index("-c") + 1] = "CLIENTS"
    return " ".join(words)


def measure(bench, start, load):
    """What an exchange costs the server."""
    with start() as server:
        if load.path:
            verify(bench.root, server, [load.path], load.size)
        rest = idle_connections(server, load.idle, load.path)
        told, window = run(bench, server, load)
        end_idle(bench, server, rest)
        server.check_alive()
        return Sample(window.figures(load.size), window.spent, told["exchanges"], told)


def latency(bench, server, load):
    """The time within which 99 of 100 were answered, in nanoseconds."""
    with Spent(server) as spent:
        told, _ = run(bench, server, load, at_once=True)
    p99 = told["latency_us"]["p99"]
    if told["loss_percent"] >= 1 or p99 is None:
        raise SystemExit(f"{server.name} did not answer more than one in a hundred")
    return Sample({"ns": p99 * 1e3}, spent, told["exchanges"], told)
