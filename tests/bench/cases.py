# SPDX-License-Identifier: MIT
"""What the services cost beside the bare loop that does no more than receive and
send, and beside whichever other servers are installed: exchanges, streams, idle
connections, and how the cost grows with the clients.
"""
import os
import re
import resource
import subprocess
import time
from functools import partial
from statistics import median

import uload
import wrkload
from benchlib import SERVER_CORES, Server, descriptors, on, private_bytes, until
from cases_http import BESIDE, SMALL, SMALL_GOALS, rows_of, starts
from table import Case, Row, Sample
from uload import BUSY, SIZE
from webcheck import idle_connections, verify

FEW = 16  # for peers that start processes for their clients
GROWTH = (1, 10, 100, 1000, 10_000)
GROWTH_FROM = 10
GROWTH_TO = 1000
GROWTH_GOAL = 1.25
BLOCK = 16 << 10
BLOCKS_IN_FLIGHT = 16  # of all connections: both servers are at their fastest
STREAM_GOAL = 0.9
IDLE_BYTES_GOAL = 400
BUSY_GOAL = 1.10
BAR_WIDTH = 68


def limit_start(bench, kind):
    return lambda: Server([f"{bench.args.bench}/limit", kind], r"ready (\d+)")


def loads(bench, kind, wanted):
    """Measures by label, of {label: (server, clients)}, of servers that are here."""
    ours = {"ours": partial(bench.ours, kind), "limit": limit_start(bench, kind),
            "anywhere": partial(bench.ours, kind, address=None)}
    measures = {}
    for label, (name, clients) in wanted.items():
        if name in ours or bench.peers.has(name):
            start = ours.get(name) or partial(bench.peers.start, name, kind)
            measures[label] = partial(uload.measure, bench, start, uload.Load(kind, clients))
    return measures


def case_tcp(bench):
    few = f"TCP, {FEW} clients"
    measures = loads(bench, "tcp", {
        "ours": ("ours", BUSY), "limit": ("limit", BUSY), "asyncio": ("asyncio", BUSY),
        f"ours {FEW}": ("ours", FEW), "socat": ("socat", FEW), "ncat": ("ncat", FEW)})
    return Case("tcp", f"TCP, {BUSY} clients", measures,
                [Row("bare epoll", "ours", "limit"), Row("asyncio", "ours", "asyncio"),
                 Row("ncat", f"ours {FEW}", "ncat", title=few),
                 Row("socat", f"ours {FEW}", "socat", title=few)],
                f"TCP, UDP: messages of {SIZE} bytes; each client sends the next when it was "
                "answered.")


def case_udp(bench):
    measures = loads(bench, "udp", {
        "ours": ("ours", BUSY), "limit": ("limit", BUSY), "anywhere": ("anywhere", BUSY),
        "asyncio": ("asyncio", BUSY), f"ours {FEW}": ("ours", FEW), "socat": ("socat", FEW),
        "ours 1": ("ours", 1), "ncat": ("ncat", 1)})
    return Case("udp", f"UDP, {BUSY} clients", measures,
                [Row("bare recvmmsg", "ours", "limit"),
                 Row("bare recvmmsg", "anywhere", "limit", title="UDP, every address"),
                 Row("asyncio", "ours", "asyncio"),
                 Row("ncat", "ours 1", "ncat", title="UDP, 1 client"),
                 Row("socat", f"ours {FEW}", "socat", title=f"UDP, {FEW} clients")])


def case_http(bench):
    """The same requests by two programs."""
    measures = {}
    for label, start in starts(bench, SMALL_GOALS).items():
        measures[label] = partial(uload.measure, bench, start,
                                  uload.Load("http", path="/small.txt", size=SMALL))
        if bench.peers.has("wrk"):
            measures[f"{label} wrk"] = partial(wrkload.measure, bench, start,
                                               wrkload.Load("/small.txt", SMALL))
    rows = rows_of(SMALL_GOALS)
    rows += [Row(BESIDE.get(peer, peer), "ours wrk", f"{peer} wrk", goal, title="HTTP, wrk")
             for peer, goal in SMALL_GOALS.items()]
    return Case("http", "HTTP, uppercase-load", measures, rows,
                f"HTTP: a file of {SMALL} bytes, {BUSY} connections.")


def case_stream(bench):
    measures = {}
    for clients in (1, 4):
        load = uload.Load("tcp", clients, BLOCK, BLOCKS_IN_FLIGHT // clients)
        measures[f"ours {clients}"] = partial(uload.measure, bench,
                                              partial(bench.ours, "tcp"), load)
        measures[f"limit {clients}"] = partial(uload.measure, bench,
                                               limit_start(bench, "tcp"), load)
    rows = []
    for clients, title in ((1, "stream, 1 connection"), (4, "stream, 4 connections")):
        pair = f"ours {clients}", f"limit {clients}"
        rows.append(Row("bare epoll", *pair, at_least=STREAM_GOAL, unit="MB/s", title=title))
        rows.append(Row("its CPU time", *pair, unit="us/MB", title=title))
    return Case("stream", "stream", measures, rows,
                f"stream: blocks of 16 KiB over TCP, {BLOCKS_IN_FLIGHT} in flight in all.")


def idle_bytes(bench, start, n, path=None):
    """Bytes of memory for each connection that rests."""
    with start() as server:
        for s in idle_connections(server, 1, path):  # what the first one brings
            s.close()
        memory, opened = private_bytes(server.pid), descriptors(server.pid)
        rest = idle_connections(server, n, path)
        until(lambda: descriptors(server.pid) >= opened + n - 1, f"{n} connections")
        memory = private_bytes(server.pid) - memory
        for s in rest:
            s.close()
        return Sample({"bytes": memory / n})


def case_memory(bench):
    n = bench.most_clients
    path = "/small.txt"
    found = starts(bench, ["nginx", "lighttpd", "h2o"])
    # lighttpd takes half as many connections as it may have descriptors.
    measures = {name: partial(idle_bytes, bench, start, n // 2 if name == "lighttpd" else n,
                              path) for name, start in found.items()}
    measures["tcp"] = partial(idle_bytes, bench, partial(bench.ours, "tcp"), n)
    if bench.peers.has("asyncio"):
        measures["asyncio"] = partial(idle_bytes, bench,
                                      partial(bench.peers.start, "asyncio", "tcp"), n)
    idle_tcp, idle_http = f"{n:,} idle, TCP", f"{n:,} idle, HTTP"
    return Case("memory", idle_http, measures,
                [Row("goal", "tcp", at_most=IDLE_BYTES_GOAL, unit="bytes", title=idle_tcp),
                 Row("asyncio", "tcp", "asyncio", unit="bytes", title=idle_tcp),
                 Row("goal", "ours", at_most=IDLE_BYTES_GOAL, unit="bytes"),
                 *(Row(name, "ours", name, unit="bytes")
                   for name in ("nginx", "lighttpd", "h2o"))],
                "idle: the server's private memory for each connection, of which those over "
                "HTTP have had one answer; lighttpd has half as many. What nginx sets aside "
                "for its connections when it starts is not in it, nor is the kernel's part "
                "of any.")


def case_busy(bench):
    n = bench.most_clients - BUSY
    ours = partial(bench.ours, "tcp")
    return Case("busy", f"64 busy of {n + BUSY:,}",
                {"resting": partial(uload.measure, bench, ours, uload.Load("tcp", idle=n)),
                 "alone": partial(uload.measure, bench, ours, uload.Load("tcp"))},
                [Row("64 of 64", "resting", "alone", BUSY_GOAL)])


def bars(sizes, samples):
    """The costs as a drawing, in which few clients' may be cut off."""
    costs = {label: median(s.figures["ns"] for s in each) for label, each in samples.items()}
    scale = BAR_WIDTH / max(costs[f"{name} {n}"] for name in ("ours", "limit")
                            for n in sizes if n >= GROWTH_FROM)
    lines = []
    for n in sizes:
        for name, mark in (("ours", "#"), ("limit", "=")):
            bar = mark * round(costs[f"{name} {n}"] * scale)
            if len(bar) > BAR_WIDTH:
                bar = bar[:BAR_WIDTH] + " ..."
            lines.append(f"  {f'{n:,}' if name == 'ours' else '':>6} {name:<5} "
                         f"{costs[f'{name} {n}']:>8,.0f} ns {bar}")
    return lines


def case_growth(bench):
    sizes = [n for n in GROWTH if n <= bench.most_clients]
    measures = loads(bench, "tcp", {f"{name} {n}": (name, n)
                                    for n in sizes for name in ("ours", "limit")})
    rows = [Row("bare epoll", f"ours {n}", f"limit {n}",
                title=f"TCP, {n:,} client{'s' * (n > 1)}") for n in sizes]
    for n in sizes:
        if n > GROWTH_FROM:
            rows.append(Row("bare epoll's growth", *((f"{name} {n}", f"{name} {GROWTH_FROM}")
                                                     for name in ("ours", "limit")),
                            at_most=GROWTH_GOAL if n <= GROWTH_TO else None,
                            title=f"from {GROWTH_FROM} to {n:,}"))
    return Case("growth", "growth", measures, rows,
                "growth: with one client the server sleeps after each answer, and waking is "
                "what that costs.", partial(bars, sizes))


def own_cpu_ns():
    """Of all that we have started and seen end."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return round((used.ru_utime + used.ru_stime) * 1e9)


def generator(bench, start, ask):
    """What a load generator finds, and what an exchange costs itself. ask(server)
    runs it and returns the rate, the median latency in us, and the exchanges."""
    with start() as server:
        verify(bench.root, server, ["/small.txt"], SMALL)
        before = own_cpu_ns()
        rate, p50, count = ask(server)
        return Sample({"/s": rate, "us": p50, "ns": (own_cpu_ns() - before) / count})


def ask_uload(bench, server):
    load = uload.Load("http", path="/small.txt", size=SMALL, warmup_ms=0)
    told, _ = uload.run(bench, server, load)
    return told["rate"], told["latency_us"]["p50"], told["exchanges"]


def ask_wrk(bench, server):
    with wrkload.Wrk(bench, server, wrkload.Load("/small.txt", SMALL)) as wrk:
        time.sleep(bench.args.ms / 1000)
        told = wrk.result()
    return told["requests"] / told["us"] * 1e6, told["p50_us"], told["requests"]


def case_generators(bench):
    """On a server that is slow enough to be the limit of both."""
    measures = {}
    if bench.peers.has("wrk") and bench.peers.has("nginx"):
        start = partial(bench.peers.start, "nginx")
        measures = {"load": partial(generator, bench, start, partial(ask_uload, bench)),
                    "wrk": partial(generator, bench, start, partial(ask_wrk, bench))}
    return Case("generators", "generators", measures,
                [Row("wrk", "load", "wrk", within=0.10, unit="/s", title="load tools: rate"),
                 Row("wrk", "load", "wrk", within=0.20, unit="us", title="load tools: p50"),
                 Row("wrk", "load", "wrk", at_most=1.2, title="load tools: CPU")],
                "load tools: uppercase-load (left) and wrk, on nginx, 64 connections.")


def upper_speed(bench):
    out = subprocess.run([f"{bench.args.bench}/upper_speed"], check=True,
                         stdout=subprocess.PIPE, text=True, **on(SERVER_CORES)).stdout
    copy, upper = map(float, re.findall(r"(\d+) MB/s", out))
    return copy, upper


def case_upper(bench):
    """Both figures are of one run, so the second measure only looks at the first's."""
    last = {}

    def measure():
        last["memcpy"], upper = upper_speed(bench)
        return Sample({"MB/s": upper})

    return Case("upper", "upper_ascii, 1 MiB",
                {"upper_ascii": measure, "memcpy": lambda: Sample({"MB/s": last["memcpy"]})},
                [Row("memcpy", "upper_ascii", "memcpy", unit="MB/s")])


CASES = {"tcp": case_tcp, "udp": case_udp, "http": case_http, "stream": case_stream,
         "memory": case_memory, "busy": case_busy, "growth": case_growth,
         "generators": case_generators, "upper": case_upper}
