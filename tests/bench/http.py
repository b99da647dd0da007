#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a request costs: CPU time of our HTTP server beside that of others.

usage: http.py [--server PROGRAM] [--bench DIRECTORY] [--runs N] [--ms N]
               [--only CASE]... [--json FILE]

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
import math
import os
import platform
import random
import resource
import signal
import socket
import statistics
import subprocess
import tempfile
import textwrap
import time

from benchlib import (CLIENT_CORES, CORES, SERVER_CORES, Ratio, Server, in_turn, pin,
                      sched_ns)
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

SATURATED = 0.95  # of the processor's time
DISTURBED = 0.05  # of the time, a server waited for its processor
WIDTH = 100


class Load:
    """What wrk is to do."""

    def __init__(self, path, size, connections=BUSY, headers=(), script=(), idle=0,
                 files=None, per_byte=False):
        self.path = path
        self.size = size
        self.connections = connections
        self.headers = headers
        self.script = [str(word) for word in script]
        self.idle = idle
        self.files = files or [path]
        self.per_byte = per_byte  # too few answers to count: count bytes

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
        """Text that is another one in every file, so that no server can be right
        with the wrong file."""
        with open(self.root + path, "wb") as f:
            if size == HUGE:
                f.truncate(size)
            else:
                line = f"{path} {'0123456789 ' * 5}\n".encode()
                f.write((line * (size // len(line) + 1))[:size])

    def ours(self, *options, udp="off"):
        return Server([self.args.server, "-a", "127.0.0.1", "-t", "off", "-u", udp,
                       "-w", "0", "-r", self.root, *options],
                      r"ready: http \S+:(\d+)", log=None)

    def warn(self, text):
        self.warnings[text] = self.warnings.get(text, 0) + 1


def receive_head(reader):
    status = reader.readline().split()
    fields = {}
    while (line := reader.readline().strip()):
        name, _, value = line.partition(b":")
        fields[name.lower()] = value.strip()
    return int(status[1]) if len(status) > 1 else 0, fields


def same(reader, path, size):
    """Do these bytes of the file follow?"""
    with open(path, "rb") as f:
        while size > 0:
            n = min(size, 1 << 20)
            if reader.read(n) != f.read(n):
                return False
            size -= n
    return True


def verify(bench, server, files, size, whole=True):
    """Asks once for every file: 200, its length, its content. So a server's
    cache is warm, too."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as s, \
            s.makefile("rb") as reader:
        for path in files:
            s.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            status, fields = receive_head(reader)
            length = int(fields.get(b"content-length", -1))
            content = size if whole else 1 << 20
            if status != 200 or length != size or \
                    not same(reader, bench.root + path, content):
                raise SystemExit(f"{server.name}: GET {path}: status {status}, length "
                                 f"{length} instead of {size}, or other content")


def idle_connections(server, n, path):
    """Each has had one answer, and now rests."""
    sockets = []
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    for _ in range(n):
        s = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        s.sendall(request)
        with s.makefile("rb", buffering=65536) as reader:
            status, fields = receive_head(reader)
            reader.read(int(fields[b"content-length"]))
        if status != 200:
            raise SystemExit(f"{server.name}: status {status} on a connection to rest")
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
    """One run of one server."""

    def __init__(self, ns, count, wall_ns, used_ns, waited_ns, wrk=None):
        self.ns = ns
        self.count = count
        self.busy = used_ns / wall_ns
        self.waited = waited_ns / wall_ns
        self.wrk = wrk


def wrk_start(bench, server, load):
    return subprocess.Popen(load.argv(bench, server.port), preexec_fn=pin(CLIENT_CORES),
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)


def wrk_stop(bench, server, process):
    """wrk tells its result when it is interrupted."""
    process.send_signal(signal.SIGINT)
    out = process.communicate(timeout=60)[0]
    for line in out.splitlines():
        if line.startswith("result "):
            result = json.loads(line.removeprefix("result "))
            for kind, n in result["errors"].items():
                if n:
                    bench.warn(f"wrk had {kind} errors with {os.path.basename(server.name)}")
            return result
    raise SystemExit(f"wrk told no result: {out}")


def run_wrk(bench, server, load, ms):
    """A sample of what this load costs the server."""
    start = time.monotonic_ns()
    used, waited = sched_ns(server.pid)
    process = wrk_start(bench, server, load)
    try:
        time.sleep(ms / 1000)
        result = wrk_stop(bench, server, process)
    finally:
        process.kill()
        process.wait()
    used, waited = (b - a for a, b in zip((used, waited), sched_ns(server.pid)))
    wall = time.monotonic_ns() - start
    count = result["bytes"] / load.size if load.per_byte else result["requests"]
    if not count:
        raise SystemExit(f"{server.name} answered nothing within {ms} ms")
    return Sample(used / count, count, wall, used, waited, result)


def measure(bench, start, load, exact=True):
    """Starts a server, makes sure that it serves what it should, loads it."""
    with start() as server:
        if exact:
            verify(bench, server, load.files, load.size)
        rest = idle_connections(server, load.idle, load.path)
        sample = run_wrk(bench, server, load, bench.args.ms)
        if not still_open(rest):
            bench.warn(f"{os.path.basename(server.name)} closed connections that rested")
        for s in rest:
            s.close()
        if server.process.poll() is not None:
            raise SystemExit(f"{server.name} died under load")
        return sample


class Row:
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
        self.measures = measures
        self.rows = [row for row in rows if row.a in measures and row.b in measures]
        used = {label for row in self.rows for label in (row.a, row.b)}
        self.measures = {k: v for k, v in measures.items() if k in used}


def peer_starts(bench, names):
    """How to start each of these that is installed."""
    starts = {}
    for name in names:
        peer, _, cached = name.partition("+")
        if program(peer):
            settings = {"cache": True} if cached else {}
            starts[name] = lambda peer=peer, settings=settings: \
                bench.peers.start(peer, **settings)
    return starts


def against(bench, name, title, load, targets, extra=None):
    """A case that compares ours with peers: {peer: target or None}."""
    starts = {"ours": bench.ours, **(extra or {}), **peer_starts(bench, targets)}
    measures = {label: lambda start=start, label=label:
                measure(bench, start, load, exact=label != "limit")
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


def logged(bench, start):
    """Measures with a log, which is gone thereafter."""
    log = f"{bench.folder}/access.log"
    try:
        sample = measure(bench, lambda: start(log), Load("/small.txt", SMALL))
        with open(log, "rb") as f:
            lines = sum(block.count(b"\n") for block in iter(lambda: f.read(1 << 20), b""))
        if lines < sample.count:
            bench.warn(f"{lines} log lines for {sample.count} answers")
        return sample
    finally:
        if os.path.exists(log):
            os.unlink(log)


def case_log(bench):
    load = Load("/small.txt", SMALL)
    nginx = bench.peers.start
    measures = {
        "log": lambda: logged(bench, lambda log: bench.ours("--access-log", log)),
        "json": lambda: logged(bench, lambda log: bench.ours("--access-log", log,
                                                             "--log-format=json")),
        "no log": lambda: measure(bench, bench.ours, load),
    }
    if program("nginx"):
        measures["nginx log"] = lambda: logged(
            bench, lambda log: nginx("nginx", cache=True, log=log + " combined buffer=64k"))
        measures["nginx no log"] = lambda: measure(
            bench, lambda: nginx("nginx", cache=True), load)
    return Case("log", "access log on", measures,
                [Row("off", "log", "no log", 1.10),
                 Row("off (JSON lines)", "json", "no log", 1.10),
                 Row("nginx with a log", "log", "nginx log"),
                 Row("off, nginx itself", "nginx log", "nginx no log")])


def case_many(bench):
    """The same script asks for one file, so that wrk is no other one."""
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


def udp_ports(server):
    """The UDP port is told before the HTTP port, which start-up waited for."""
    for line in open(f"/proc/{server.pid}/net/udp"):
        fields = line.split()
        if fields[1].startswith("0100007F:"):
            yield int(fields[1].split(":")[1], 16), fields[9]


def udp_port(server):
    inodes = set()
    for fd in os.listdir(f"/proc/{server.pid}/fd"):
        link = os.readlink(f"/proc/{server.pid}/fd/{fd}")
        if link.startswith("socket:["):
            inodes.add(link[8:-1])
    return next(port for port, inode in udp_ports(server) if inode in inodes)


def udp_exchanges(bench, server):
    start = time.monotonic_ns()
    used, waited = sched_ns(server.pid)
    out = subprocess.run([f"{bench.args.bench}/udp_latency", "127.0.0.1",
                          str(udp_port(server)), str(bench.args.ms)],
                         preexec_fn=pin(CLIENT_CORES), check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    used, waited = (b - a for a, b in zip((used, waited), sched_ns(server.pid)))
    result = json.loads(out)
    if result["answered"] < result["sent"]:
        bench.warn(f"{result['sent'] - result['answered']} of {result['sent']} datagrams "
                   "were not answered")
    p99 = math.inf if result["p99_ns"] is None else result["p99_ns"]
    return Sample(p99, result["sent"], time.monotonic_ns() - start, used, waited, result)


def udp_idle(bench):
    with bench.ours(udp="0") as server:
        return udp_exchanges(bench, server)


def udp_loaded(bench):
    load = Load("/huge.txt", HUGE, connections=DOWNLOADS)
    with bench.ours(udp="0") as server:
        verify(bench, server, load.files, load.size, whole=False)
        process = wrk_start(bench, server, load)
        try:
            sample = udp_exchanges(bench, server)
            result = wrk_stop(bench, server, process)
        finally:
            process.kill()
            process.wait()
        sample.wrk["download"] = result
        return sample


def case_udp(bench):
    return Case("udp", "UDP p99, 4 downloads",
                {"loaded": lambda: udp_loaded(bench), "idle": lambda: udp_idle(bench)},
                [Row("idle", "loaded", "idle", 2.0, floor=1_000_000)])


CASES = {"small": case_small, "middle": case_middle, "big": case_big, "close": case_close,
         "pipeline": case_pipeline, "log": case_log, "udp": case_udp, "many": case_many,
         "idle": case_idle}

COLUMNS = "{:<23} {:<23} {:>11} {:>11} {:>6} {:>11} {:>5} {}"


def judge(row, ratio):
    if row.target is None:
        return "-"
    met = ratio.median <= row.target or ratio.a < row.floor
    return "yes" if met else "NO"


def show_row(case, row, ratio):
    target = "-" if row.target is None else f"{row.target:.2f}"
    print(COLUMNS.format(case.title, row.beside, f"{ratio.a:,.0f}", f"{ratio.b:,.0f}",
                         f"{ratio.median:.3f}", f"{ratio.least:.2f}-{ratio.most:.2f}",
                         target, judge(row, ratio)), flush=True)


def run_case(bench, case):
    """Measures, shows the rows, and returns them for the JSON."""
    samples = in_turn(bench.args.runs, case.measures)
    rows = []
    for row in case.rows:
        ratio = Ratio([s.ns for s in samples[row.a]], [s.ns for s in samples[row.b]])
        show_row(case, row, ratio)
        rows.append({"case": case.name, "title": case.title, "beside": row.beside,
                     "a": row.a, "b": row.b, "a_ns": ratio.a, "b_ns": ratio.b,
                     "ratio": ratio.median, "ratios": ratio.all, "target": row.target,
                     "met": {"yes": True, "NO": False}.get(judge(row, ratio))})
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
            "ms": bench.args.ms, "ours": out.stdout.strip(), "versions": peers,
            "wrk": " ".join(["wrk", *Load("/FILE", 0).argv(bench, "PORT")[1:]]),
            "settings": {name: bench.peers.settings(name, cache=True)
                         for name in ("nginx", "lighttpd", "h2o") if peers[name]}}


def say(text, indent=""):
    print(textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ",
                        break_on_hyphens=False, break_long_words=False))


def show_foot(bench, where, samples):
    print()
    say(f"{where['date']}, Linux {where['kernel']}, {where['processors']} x "
        f"{where['processor']}; {where['ours']}.")
    say(f"Medians of {where['runs']} runs of {where['ms']} ms, servers in turn, one worker "
        f"each on processor {where['server_processors'][0]}; client on the others "
        f"({','.join(map(str, where['client_processors']))}): {where['wrk']}")
    missing = [name for name, v in where["versions"].items() if not v]
    if missing:
        say("Not installed: " + ", ".join(missing) + ".")
    for name, text in where["settings"].items():
        text = text.replace(bench.folder, "DIR")
        say(f"{name} {where['versions'][name]}: {' '.join(text.split())}")
    slack, disturbed = [], []
    for case, measured in samples.items():
        for label, each in measured.items():
            busy = statistics.median(s.busy for s in each)
            waited = max(s.waited for s in each)
            if busy < SATURATED:
                slack.append(f"{case}/{label} {busy:.0%}")
            if waited > DISTURBED:
                disturbed.append(f"{case}/{label} {waited:.0%}")
    if slack:
        say("The server's processor was not saturated: " + ", ".join(slack) + ".")
    if disturbed:
        say("Other programs took the server's processor; it waited in the worst run: " +
            ", ".join(disturbed) + ".")
    for text, n in bench.warnings.items():
        say(f"WARNING: {text} ({n} runs)")


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", default="src/uppercase-server")
    parser.add_argument("--bench", default="tests/bench", help="where the programs are")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--ms", type=int, default=2000)
    parser.add_argument("--only", action="append", choices=list(CASES))
    parser.add_argument("--json", metavar="FILE")
    args = parser.parse_args()
    if args.runs < 1 or args.ms < 100:
        parser.error("--runs must be 1, --ms 100 or more")
    if not program("wrk"):
        raise SystemExit("http.py: wrk is not installed")
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
        show_foot(bench, where, samples)
        if args.json:
            runs = {case: {label: [vars(s) for s in each] for label, each in by.items()}
                    for case, by in samples.items()}
            with open(args.json, "w") as f:
                json.dump({"setting": where, "rows": rows, "runs": runs,
                           "warnings": bench.warnings}, f, indent="\t")


main()
