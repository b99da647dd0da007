# SPDX-License-Identifier: MIT
"""What an HTTP request costs: our server beside others that serve the same files,
asked by wrk. Those that are not installed are left out, and the foot says so.
"""
import os
import re
from functools import partial

import uload
from benchlib import Server
from table import DISTURBED, LATE, Case, Row
from wrkload import Load, Wrk, measure
from webcheck import verify

SMALL = 612
MIDDLE = 16 << 10
BIG = 100_000_000
HUGE = 1 << 30
N_FILES = 10_000
N_IDLE = 1000
DOWNLOADS = 4
PIPELINED = 16
DATAGRAMS_A_SECOND = 5000

SMALL_GOALS = {"limit": 1.15, "lighttpd": 0.87, "nginx+cache": 0.60, "nginx": 0.45,
               "h2o": None}
BESIDE = {"limit": "bare epoll", "nginx+cache": "nginx, open_file_cache"}


def limit_start(bench, path):
    return lambda: Server([f"{bench.args.bench}/limit", "http", bench.root + path],
                          r"ready (\d+)")


def starts(bench, names, path="/small.txt"):
    """How to start ours and each of these that is installed. The limit knows a single
    file."""
    found = {"ours": bench.ours}
    for name in names:
        peer, _, cached = name.partition("+")
        if name == "limit":
            found[name] = limit_start(bench, path)
        elif bench.peers.has(peer):
            settings = {"cache": True} if cached else {}
            found[name] = partial(bench.peers.start, peer, **settings)
    return found


def rows_of(goals, **more):
    return [Row(BESIDE.get(peer, peer), "ours", peer, goal, **more)
            for peer, goal in goals.items()]


def against(bench, name, title, load, goals, note=None):
    """A case that compares ours with peers: {peer: goal or None}."""
    measures = {label: partial(measure, bench, start, load)
                for label, start in starts(bench, goals, load.path).items()}
    return Case(name, title, measures, rows_of(goals), note)


def case_small(bench):
    return against(bench, "small", "612 bytes", Load("/small.txt", SMALL), SMALL_GOALS)


def case_middle(bench):
    load = Load(bench.make_file("/middle.txt", MIDDLE), MIDDLE)
    return against(bench, "middle", "16 KiB", load,
                   {"limit": None, "lighttpd": 0.75, "nginx+cache": 0.75, "nginx": 0.75,
                    "h2o": None})


def case_big(bench):
    load = Load(bench.make_file("/big.txt", BIG), BIG, per_byte=True)
    return against(bench, "big", "100 MB", load,
                   {"nginx+cache": 1.00, "nginx": 1.00, "lighttpd": None, "h2o": None},
                   "100 MB: the time for so many bytes sent, whole files or not.")


def case_close(bench):
    load = Load("/small.txt", SMALL, headers=["Connection: close"])
    case = against(bench, "close", "a connection each", load,
                   {"nginx+cache": 0.85, "nginx": 0.85, "lighttpd": None, "h2o": None})
    deferred = partial(bench.ours, "http", "--defer-accept")
    case.measures["deferred"] = partial(measure, bench, deferred, load)
    case.rows.append(Row("with --defer-accept", "deferred", "ours"))
    return case


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
    ours = partial(bench.ours, "http")
    measures = {
        "log": lambda: logged(bench, lambda log: ours("--access-log", log), True),
        "json": lambda: logged(
            bench, lambda log: ours("--access-log", log, "--log-format=json"), True),
        "no log": lambda: measure(bench, ours, load),
    }
    if bench.peers.has("nginx"):
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
    files = [bench.make_file(f"/many/{i}", SMALL) for i in range(N_FILES)]
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


def datagrams(bench, server):
    server.port = int(re.search(r"ready: udp \S+:(\d+)", server.said)[1])
    load = uload.Load("udp", clients=1, rate=DATAGRAMS_A_SECOND)
    return uload.latency(bench, server, load)


def udp_idle(bench):
    with bench.ours("udp http") as server:
        return datagrams(bench, server)


def udp_loaded(bench, load):
    with bench.ours("udp http") as server:
        verify(bench.root, server, load.files, load.size)
        with Wrk(bench, server, load) as wrk:
            sample = datagrams(bench, server)
            sample.told["downloads"] = wrk.result()
        if not sample.told["downloads"]["bytes"]:
            raise SystemExit(f"{server.name} let nobody download")
        return sample


def case_udp(bench):
    load = Load(bench.make_file("/huge.txt", HUGE), HUGE, connections=DOWNLOADS)
    return Case("udp", "UDP p99, 4 downloads",
                {"loaded": lambda: udp_loaded(bench, load), "idle": lambda: udp_idle(bench)},
                [Row("idle, or under 1 ms", "loaded", "idle", 2.0, floor=1_000_000)],
                f"UDP p99: the 99th percentile, in ns, of answers to {DATAGRAMS_A_SECOND:,} "
                f"datagrams a second, from when each was due, while {DOWNLOADS} clients "
                "download files of 1 GiB, and without them; not judged (?) when the server "
                f"had to wait for its processor {DISTURBED:.0%} of the time, or "
                f"uppercase-load's own lateness was {LATE:.0%} of it.")


CASES = {"small": case_small, "middle": case_middle, "big": case_big, "close": case_close,
         "pipeline": case_pipeline, "log": case_log, "udp": case_udp, "many": case_many,
         "idle": case_idle}
