#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a request costs: CPU time of our HTTP server beside that of others.

usage: http.py [--server PROGRAM] [--bench DIRECTORY] [--runs N] [--ms N]
               [--nice N] [--only CASE]... [--json FILE]

Each server in turn serves the same files on loopback, pinned to the first
processor; wrk asks on the other ones in a closed loop. A row's figures are
medians of the runs, its ratio the median of the ratios of each run. Servers
that are not installed are left out, and the foot says so.
"""
# This folder goes last, so that the name of this file hides no module.
import sys
sys.path.append(sys.path.pop(0))

import argparse
import json
import os
import platform
import re
import resource
import signal
import socket
import statistics
import subprocess
import tempfile
import textwrap
import time
from functools import partial

from benchlib import (CLIENT_CORES, CORES, SERVER_CORES, Ratio, Server, in_turn, on,
                      sched_ns, written_bytes)
from peers import Peers, program, version

SMALL = 612
MIDDLE = 16 << 10
BIG = 100_000_000
HUGE = 1 << 30
N_FILES = 10_000
N_IDLE = 1000
BUSY = 64
DOWNLOADS = 4
PIPELINED = 16

FILLING_MS = 500  # until downloads have filled the sockets

SATURATED = 0.95  # of the processor's time
DISTURBED = 0.05  # of the time, a server waited for its processor
WIDTH = 100


class Load:
    """What wrk is to do: so many connections ask for the path, in the way that
    wrk.lua calls script, while some more do nothing."""

    def __init__(self, path, size, connections=BUSY, headers=(), script=(), idle=0,
                 files=None, per_byte=False):
        self.path = path
        self.size = size
        self.connections = connections
        self.headers = headers
        self.script = [str(word) for word in script]
        self.idle = idle
        self.files = files or [path]
        self.per_byte = per_byte  # answers are too large to be counted

    def argv(self, bench, port):
        argv = [program("wrk"), "-t", str(min(4, len(CLIENT_CORES))),
                "-c", str(self.connections), "-d", "3600", "--timeout", "60",
                "-s", f"{bench.scripts}/wrk.lua"]
        for header in self.headers:
            argv += ["-H", header]
        return [*argv, f"http://127.0.0.1:{port}{self.path}", "--", *self.script]


class Bench:
    """Where everything is, and how long to measure."""

    def __init__(self, args, folder):
        self.args = args
        self.folder = folder
        self.root = f"{folder}/root"
        self.scripts = os.path.dirname(os.path.abspath(__file__))
        self.warnings = {}
        os.mkdir(self.root)
        os.mkdir(f"{self.root}/many")
        os.chmod(folder, 0o755)
        self.peers = Peers(folder, self.root)

    def make_file(self, path, size):
        """Each file has another content, so no server can be right with the wrong
        one."""
        line = f"{path} {'0123456789 ' * 5}\n".encode()
        with open(self.root + path, "wb") as f:
            f.write((line * (size // len(line) + 1))[:size])

    def ours(self, *options, udp="off"):
        return Server([self.args.server, "-a", "127.0.0.1", "-t", "off", "-u", udp,
                       "-w", "0", "-r", self.root, *options], r"ready: http \S+:(\d+)")

    def warn(self, text):
        self.warnings[text] = self.warnings.get(text, 0) + 1


def receive_answer(reader):
    """Status and length; the content follows."""
    status = reader.readline().split()
    length = -1
    while (line := reader.readline().strip()):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return int(status[1]) if len(status) > 1 else 0, length


def request_for(path):
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def same_content(reader, path):
    with open(path, "rb") as f:
        while (expected := f.read(1 << 20)):
            if reader.read(len(expected)) != expected:
                return False
    return True


def verify(bench, server, files, size):
    """Asks once for every file: 200, its length, its content. That also warms the
    server's cache."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as s, \
            s.makefile("rb") as reader:
        for path in files:
            s.sendall(request_for(path))
            status, length = receive_answer(reader)
            if status != 200 or length != size:
                raise SystemExit(f"{server.name}: GET {path}: status {status}, length "
                                 f"{length}, not 200 and {size}")
            if not same_content(reader, bench.root + path):
                raise SystemExit(f"{server.name}: GET {path}: not the file's content")


def idle_connections(server, n, path):
    """Each has had one answer, and now rests."""
    sockets = []
    for _ in range(n):
        s = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        s.sendall(request_for(path))
        with s.makefile("rb") as reader:
            status, length = receive_answer(reader)
            if status != 200 or len(reader.read(length)) != length:
                raise SystemExit(f"{server.name}: no answer on a connection to rest")
        sockets.append(s)
    return sockets


def still_open(sockets):
    for s in sockets:
        s.setblocking(False)
        try:
            if s.recv(1) == b"":
                return False
        except BlockingIOError:
            pass
    return True


class Sample:
    """One run of one server: nanoseconds for each of count answers, or as given;
    how much of the time it wanted its processor, and had to wait for it."""

    def __init__(self, spent, count, told, ns=None):
        if not count:
            raise SystemExit(f"{spent.server.name} answered nothing")
        self.ns = ns or spent.used / count
        self.count = count
        self.wanted = (spent.used + spent.waited) / spent.wall
        self.waited = spent.waited / spent.wall
        self.told = told


class Spent:
    """What a server spends between the with and its end."""

    def __init__(self, server):
        self.server = server

    def now(self):
        return (time.monotonic_ns(), *sched_ns(self.server.pid),
                written_bytes(self.server.pid))

    def __enter__(self):
        self.begun = self.now()
        return self

    def __exit__(self, *_):
        self.wall, self.used, self.waited, self.written = (
            b - a for a, b in zip(self.begun, self.now()))


class Wrk:
    """wrk at work, until it is asked for its result."""

    def __init__(self, bench, server, load):
        self.bench = bench
        self.name = os.path.basename(server.name)
        self.process = subprocess.Popen(
            load.argv(bench, server.port), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            **on(CLIENT_CORES))

    def result(self):
        """Interrupts it, upon which it tells."""
        self.process.send_signal(signal.SIGINT)
        out = self.process.communicate(timeout=60)[0]
        told = [line for line in out.splitlines() if line.startswith("result ")]
        if not told:
            raise SystemExit(f"wrk told no result: {out}")
        result = json.loads(told[0].removeprefix("result "))
        for kind, n in result["errors"].items():
            if n:
                self.bench.warn(f"wrk had {kind} errors with {self.name}")
        return result

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def run_requests(bench, server, load):
    """What wrk's requests cost the server, each."""
    with Spent(server) as spent, Wrk(bench, server, load) as wrk:
        time.sleep(bench.args.ms / 1000)
        result = wrk.result()
    return Sample(spent, result["requests"], result)


def run_bytes(bench, server, load):
    """What so many bytes as the file has cost, amid downloads. wrk can't tell: as
    it stops, hundreds of megabytes are under way; and sockets fill faster than
    they flow. So this counts what the server wrote, after a while."""
    with Wrk(bench, server, load) as wrk:
        time.sleep(FILLING_MS / 1000)
        with Spent(server) as spent:
            time.sleep(bench.args.ms / 1000)
        result = wrk.result()
    return Sample(spent, spent.written / load.size, result)


def measure(bench, start, load):
    """Starts a server, makes sure that it serves what it should, loads it."""
    with start() as server:
        verify(bench, server, load.files, load.size)
        rest = idle_connections(server, load.idle, load.path)
        sample = (run_bytes if load.per_byte else run_requests)(bench, server, load)
        if not still_open(rest):
            bench.warn(f"{os.path.basename(server.name)} closed connections that rested")
        for s in rest:
            s.close()
        if server.process.poll() is not None:
            raise SystemExit(f"{server.name} died under load")
        return sample


class Row:
    """A comparison: measure a beside measure b."""

    def __init__(self, beside, a, b, target=None, floor=0):
        self.beside = beside
        self.a = a
        self.b = b
        self.target = target  # the ratio is to be at most this, or a
        self.floor = floor    # under so many nanoseconds is good as well


class Case:
    """One thing that is measured on several servers, and what is compared."""

    def __init__(self, name, title, measures, rows):
        self.name = name
        self.title = title
        self.rows = [row for row in rows if row.a in measures and row.b in measures]
        used = {label for row in self.rows for label in (row.a, row.b)}
        self.measures = {k: v for k, v in measures.items() if k in used}


def peer_starts(bench, names):
    """How to start each of these that is installed."""
    starts = {}
    for name in names:
        peer, _, cached = name.partition("+")
        if name != "limit" and program(peer):
            settings = {"cache": True} if cached else {}
            starts[name] = partial(bench.peers.start, peer, **settings)
    return starts


def against(bench, name, title, load, targets, extra=None):
    """A case that compares ours with peers: {peer: target or None}."""
    starts = {"ours": bench.ours, **(extra or {}), **peer_starts(bench, targets)}
    measures = {label: lambda start=start: measure(bench, start, load)
                for label, start in starts.items()}
    names = {"limit": "bare epoll", "nginx+cache": "nginx, open_file_cache"}
    rows = [Row(names.get(peer, peer), "ours", peer, target)
            for peer, target in targets.items()]
    return Case(name, title, measures, rows)


def case_small(bench):
    load = Load("/small.txt", SMALL)
    limit = {"limit": lambda: Server([f"{bench.args.bench}/limit", "http",
                                      f"{bench.root}/small.txt"], r"ready (\d+)")}
    return against(bench, "small", "612 bytes", load,
                   {"limit": 1.15, "lighttpd": 0.87, "nginx+cache": 0.60, "nginx": 0.45,
                    "h2o": None}, limit)


def case_middle(bench):
    load = Load("/middle.txt", MIDDLE)
    return against(bench, "middle", "16 KiB", load,
                   {"lighttpd": 0.75, "nginx+cache": 0.75, "nginx": 0.75, "h2o": None})


def case_big(bench):
    load = Load("/big.txt", BIG, per_byte=True)
    return against(bench, "big", "100 MB", load,
                   {"nginx+cache": 1.00, "nginx": 1.00, "lighttpd": None, "h2o": None})


def case_close(bench):
    load = Load("/small.txt", SMALL, headers=["Connection: close"])
    return against(bench, "close", "a connection each", load,
                   {"nginx+cache": 0.75, "nginx": 0.75, "lighttpd": None, "h2o": None})


def case_pipeline(bench):
    load = Load("/small.txt", SMALL, script=("pipeline", PIPELINED))
    return against(bench, "pipeline", "16 pipelined", load,
                   {"lighttpd": 1 / 3, "nginx+cache": None, "h2o": None})


def logged(bench, start, whole):
    """Measures with a log, which is gone thereafter. With whole, no line may be
    missing in it, although the server gets no time to write what it has kept."""
    log = f"{bench.folder}/access.log"
    try:
        sample = measure(bench, lambda: start(log), Load("/small.txt", SMALL))
        with open(log, "rb") as f:
            lines = sum(block.count(b"\n") for block in iter(lambda: f.read(1 << 20), b""))
        if whole and lines < sample.count:
            bench.warn(f"{sample.count - lines} of {sample.count} log lines are missing")
        return sample
    finally:
        if os.path.exists(log):
            os.unlink(log)


def case_log(bench):
    load = Load("/small.txt", SMALL)
    ours = bench.ours
    measures = {
        "log": lambda: logged(bench, lambda log: ours("--access-log", log), True),
        "json": lambda: logged(
            bench, lambda log: ours("--access-log", log, "--log-format=json"), True),
        "no log": lambda: measure(bench, ours, load),
    }
    if program("nginx"):
        nginx = partial(bench.peers.start, "nginx", cache=True)
        measures["nginx log"] = lambda: logged(
            bench, lambda log: nginx(log=f"{log} combined buffer=64k"), False)
        measures["nginx no log"] = lambda: measure(bench, nginx, load)
    return Case("log", "access log on", measures,
                [Row("off", "log", "no log", 1.10),
                 Row("off (JSON lines)", "json", "no log", 1.10),
                 Row("nginx with a log", "log", "nginx log"),
                 Row("off, nginx itself", "nginx log", "nginx no log")])


def case_many(bench):
    """The same script asks for the single file, so that wrk takes as long."""
    files = [f"/many/{i}" for i in range(N_FILES)]
    many = Load("/many/", SMALL, script=("random", N_FILES), files=files)
    single = Load("/many/", SMALL, script=("random", 1), files=files[:1])
    return Case("many", "10,000 files at random",
                {"many": lambda: measure(bench, bench.ours, many),
                 "single": lambda: measure(bench, bench.ours, single)},
                [Row("a single file", "many", "single", 1.10)])


def case_idle(bench):
    resting = Load("/small.txt", SMALL, idle=N_IDLE)
    alone = Load("/small.txt", SMALL)
    return Case("idle", "64 busy of 1,064",
                {"resting": lambda: measure(bench, bench.ours, resting),
                 "alone": lambda: measure(bench, bench.ours, alone)},
                [Row("64 of 64", "resting", "alone", 1.10)])


def udp_exchanges(bench, server):
    port = re.search(r"ready: udp \S+:(\d+)", server.said)[1]
    with Spent(server) as spent:
        out = subprocess.run([f"{bench.args.bench}/udp_latency", "127.0.0.1", port,
                              str(bench.args.ms)], check=True, stdout=subprocess.PIPE,
                             text=True, **on(CLIENT_CORES)).stdout
    told = json.loads(out)
    lost = told["sent"] - told["answered"]
    if lost:
        bench.warn(f"{lost} of {told['sent']} datagrams were not answered")
    if told["p99_ns"] is None:
        raise SystemExit("more than one in a hundred datagrams was not answered")
    return Sample(spent, told["answered"], told, told["p99_ns"])


def udp_idle(bench):
    with bench.ours(udp="0") as server:
        return udp_exchanges(bench, server)


def udp_loaded(bench):
    load = Load("/huge.txt", HUGE, connections=DOWNLOADS)
    with bench.ours(udp="0") as server:
        verify(bench, server, load.files, load.size)
        with Wrk(bench, server, load) as wrk:
            sample = udp_exchanges(bench, server)
            sample.told["downloads"] = wrk.result()
        if not sample.told["downloads"]["bytes"]:
            raise SystemExit(f"{server.name} let nobody download")
        return sample


def case_udp(bench):
    return Case("udp", "UDP p99, 4 downloads",
                {"loaded": lambda: udp_loaded(bench), "idle": lambda: udp_idle(bench)},
                [Row("idle, or under 1 ms", "loaded", "idle", 2.0, floor=1_000_000)])


CASES = {"small": case_small, "middle": case_middle, "big": case_big, "close": case_close,
         "pipeline": case_pipeline, "log": case_log, "udp": case_udp, "many": case_many,
         "idle": case_idle}

COLUMNS = "{:<23} {:<23} {:>11} {:>11} {:>6} {:>11} {:>5} {}"


def judge(row, ratio, samples):
    """Whether the target is met; "?" for a latency that other programs made."""
    if row.target is None:
        return "-"
    waited = [statistics.median(s.waited for s in samples[k]) for k in (row.a, row.b)]
    if row.floor and max(waited) > DISTURBED:
        return "?"
    met = ratio.median <= row.target or ratio.a < row.floor
    return "yes" if met else "NO"


def show_row(case, row, ratio, met):
    target = "-" if row.target is None else f"{row.target:.2f}"
    print(COLUMNS.format(case.title, row.beside, f"{ratio.a:,.0f}", f"{ratio.b:,.0f}",
                         f"{ratio.median:.3f}", f"{ratio.least:.2f}-{ratio.most:.2f}",
                         target, met), flush=True)


def run_case(bench, case):
    """Measures, shows the rows, and returns them for the JSON."""
    samples = in_turn(bench.args.runs, case.measures)
    rows = []
    for row in case.rows:
        ratio = Ratio([s.ns for s in samples[row.a]], [s.ns for s in samples[row.b]])
        met = judge(row, ratio, samples)
        show_row(case, row, ratio, met)
        rows.append({"case": case.name, "title": case.title, "beside": row.beside,
                     "a": row.a, "b": row.b, "a_ns": ratio.a, "b_ns": ratio.b,
                     "ratio": ratio.median, "ratios": ratio.all, "target": row.target,
                     "met": {"yes": True, "NO": False}.get(met)})
    return rows, samples


def processor():
    with open("/proc/cpuinfo") as f:
        for line in f:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def setting(bench):
    """All that the figures depend on."""
    peers = {name: version(name) for name in ("nginx", "lighttpd", "h2o", "wrk")}
    out = subprocess.run([bench.args.server, "--version"], capture_output=True, text=True)
    return {"date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
            "kernel": platform.release(), "processor": processor(),
            "processors": len(CORES), "server_processors": sorted(SERVER_CORES),
            "client_processors": sorted(CLIENT_CORES), "runs": bench.args.runs,
            "nice": bench.args.nice, "ms": bench.args.ms,
            "ours": out.stdout.strip(), "versions": peers,
            "command": " ".join(["wrk", *Load("/FILE", 0).argv(bench, "PORT")[1:]])
            .replace(bench.scripts + "/", ""),
            "settings": {name: bench.peers.settings(name, cache=True)
                         for name in ("nginx", "lighttpd", "h2o") if peers[name]}}


def say(text, indent=""):
    print(textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ",
                        break_on_hyphens=False, break_long_words=False))


def say_shares(text, shares):
    cases = {case: [] for case, _ in shares}
    for (case, label), share in shares.items():
        cases[case].append(f"{label} {share:.0%}")
    if cases:
        say(text + "; ".join(f"{case}: {', '.join(all)}" for case, all in cases.items()) + ".")


def show_foot(bench, where, samples):
    versions = where["versions"]
    print()
    say(f"{where['date']}, Linux {where['kernel']}, {where['processors']} x "
        f"{where['processor']}; {where['ours']}. Medians of {where['runs']} runs of "
        f"{where['ms']} ms, the servers in turn, one worker each on processor "
        f"{min(SERVER_CORES)}; clients on processor "
        f"{', '.join(map(str, where['client_processors']))}" +
        (", which is the same." if CLIENT_CORES == SERVER_CORES else "."))
    say("100 MB: ns for so many bytes sent, whole files or not. UDP: the "
        f"99th percentile, in ns, of answers to a datagram every 0.2 ms while "
        f"{DOWNLOADS} clients download files of 1 GiB, and without them; not judged (?) when "
        f"the server had to wait for its processor {DISTURBED:.0%} of the time.")
    say(f"wrk {versions['wrk']}: {where['command']}")
    for name, text in where["settings"].items():
        text = " ".join(text.replace(bench.folder, "DIR").split())
        note = " (open_file_cache where a row says so, and with logs)" * (name == "nginx")
        say(f"{name} {versions[name]}{note}: {text}")
    missing = [name for name, v in versions.items() if not v]
    if missing:
        say("Not installed: " + ", ".join(missing) + ".")
    wanted = {(case, label): statistics.median(s.wanted for s in each)
              for case, by in samples.items() for label, each in by.items()}
    waited = {(case, label): max(s.waited for s in each)
              for case, by in samples.items() for label, each in by.items()}
    say_shares("The server's processor was not saturated (share of the time): ",
               {k: v for k, v in wanted.items() if v < SATURATED})
    say_shares("Other programs took the server's processor (worst run's share of the time): ",
               {k: v for k, v in waited.items() if v > DISTURBED})
    for text, n in bench.warnings.items():
        say(f"WARNING: {text} ({n} runs)")


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", default="src/uppercase-server")
    parser.add_argument("--bench", default="tests/bench", help="where the programs are")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--ms", type=int, default=2000)
    parser.add_argument("--nice", type=int, default=0, help="of servers and clients: below "
                        "0 (root only) keeps a busy machine's other work away")
    parser.add_argument("--only", action="append", choices=list(CASES))
    parser.add_argument("--json", metavar="FILE")
    args = parser.parse_args()
    if args.runs < 1 or args.ms < 100:
        parser.error("--runs must be 1, --ms 100 or more")
    if not program("wrk"):
        raise SystemExit("http.py: wrk is not installed")
    for needed in (args.server, f"{args.bench}/limit", f"{args.bench}/udp_latency"):
        if not os.access(needed, os.X_OK):
            raise SystemExit(f"http.py: {needed} is missing: see make bench-http")
    return args


def make_files(bench, cases):
    bench.make_file("/small.txt", SMALL)
    bench.make_file("/middle.txt", MIDDLE)
    if "big" in cases:
        bench.make_file("/big.txt", BIG)
    if "udp" in cases:
        bench.make_file("/huge.txt", HUGE)
    if "many" in cases:
        for i in range(N_FILES):
            bench.make_file(f"/many/{i}", SMALL)


def main():
    args = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        os.nice(args.nice)
    except PermissionError:
        raise SystemExit("http.py: only root may use a --nice below 0") from None
    names = args.only or list(CASES)
    with tempfile.TemporaryDirectory(prefix="bench-http.") as folder:
        bench = Bench(args, folder)
        make_files(bench, names)
        where = setting(bench)
        print(COLUMNS.format("case", "beside", "ours ns", "its ns", "ratio", "runs",
                             "goal", "met"), flush=True)
        rows, samples = [], {}
        for name in names:
            found, samples[name] = run_case(bench, CASES[name](bench))
            rows += found
        if args.json:
            runs = {case: {label: [vars(s) for s in each] for label, each in by.items()}
                    for case, by in samples.items()}
            with open(args.json, "w") as f:
                json.dump({"setting": where, "rows": rows, "runs": runs,
                           "warnings": bench.warnings}, f, indent="\t")
        show_foot(bench, where, samples)


main()
