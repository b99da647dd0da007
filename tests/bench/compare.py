#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Server CPU time per exchange, beside the bare epoll limit.

usage: compare.py [--server PROGRAM] [--bench DIRECTORY] [--runs N] [--ms N]

Runs the server and tests/bench/limit in turn, pinned to the first processor,
with tests/bench/drive on the other ones; prints the median of the runs and
their ratio, and the memory that an idle connection costs. Loopback only.
"""
import argparse
import os
import resource
import socket
import subprocess

from benchlib import CLIENT_CORES, Ratio, Server, cpu_ns, in_turn, on, private_bytes, until


def ours(args, kind, address="127.0.0.1"):
    off = {"udp": "-toff", "tcp": "-uoff"}[kind]
    option = {"udp": "-u0", "tcp": "-t0"}[kind]
    listen = [] if address == "any" else ["-a", address]
    return Server([args.server, *listen, off, "-woff", option],
                  rf"ready: {kind} \S+:(\d+)")


def limit(args, kind):
    return Server([f"{args.bench}/limit", kind], r"ready (\d+)")


def drive(args, server, kind, clients, size):
    """CPU nanoseconds of the server per exchange."""
    before = cpu_ns(server.pid)
    out = subprocess.run(
        [f"{args.bench}/drive", kind, "127.0.0.1", str(server.port),
         str(clients), str(size), str(args.ms)],
        check=True, capture_output=True, text=True, **on(CLIENT_CORES)).stdout
    return (cpu_ns(server.pid) - before) / int(out)


def measure(args, start, kind, clients, size):
    with start() as server:
        return drive(args, server, kind, clients, size)


def compare(args, title, start_a, start_b, kind, clients, size):
    costs = in_turn(args.runs, {
        "a": lambda: measure(args, start_a, kind, clients, size),
        "b": lambda: measure(args, start_b, kind, clients, size)})
    ratio = Ratio(costs["a"], costs["b"])
    print(f"{title}: {ratio.a:.0f} ns, limit {ratio.b:.0f} ns, ratio {ratio.median:.3f} "
          f"(runs {ratio.least:.3f} to {ratio.most:.3f})", flush=True)


def connect_idle(port, n):
    # One source address has too few ports for some counts: use several.
    sockets = []
    for i in range(n):
        s = socket.socket()
        s.bind((f"127.0.1.{1 + i // 5000}", 0))
        s.connect(("127.0.0.1", port))
        sockets.append(s)
    return sockets


def idle(args, kind, n):
    """Bytes of memory per idle connection, and what they cost the busy ones."""
    option = {"tcp": ["-t0", "-woff"], "http": ["-w0", "-t0"]}[kind]
    with Server([args.server, "-a", "127.0.0.1", "-uoff", *option, "-r", "/tmp"],
                rf"ready: {kind} \S+:(\d+)") as server:
        before_cost = drive(args, server, "tcp", 64, 15) if kind == "tcp" else None
        before = private_bytes(server.pid)
        sockets = connect_idle(server.port, n)
        until(lambda: len(os.listdir(f"/proc/{server.pid}/fd")) >= n + 5,
              f"{n} connections")
        each = (private_bytes(server.pid) - before) / n
        print(f"{kind}: {n} idle connections cost {each:.0f} bytes each", flush=True)
        if kind == "tcp":
            after_cost = drive(args, server, "tcp", 64, 15)
            print(f"tcp: 64 busy among {n} idle: {after_cost / before_cost:.3f} times the "
                  f"CPU per exchange of 64 alone", flush=True)
        for s in sockets:
            s.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", default="src/uppercase-server")
    parser.add_argument("--bench", default="tests/bench")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--ms", type=int, default=2000)
    parser.add_argument("--idle", type=int, default=10000)
    args = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    for kind in ("tcp", "udp"):
        compare(args, f"{kind}, 64 clients, 15 bytes", lambda: ours(args, kind),
                lambda: limit(args, kind), kind, 64, 15)
    compare(args, "udp on every address, 64 clients, 15 bytes",
            lambda: ours(args, "udp", "any"), lambda: limit(args, "udp"), "udp", 64, 15)
    idle(args, "tcp", args.idle)
    idle(args, "http", args.idle)
    subprocess.run([f"{args.bench}/upper_speed"], check=True)


main()
