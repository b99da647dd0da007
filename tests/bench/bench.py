#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the services cost: CPU time of our server beside that of others.

usage: bench.py [--http] [--server PROGRAM] [--load PROGRAM] [--bench DIRECTORY]
                [--runs N] [--ms N] [--nice N] [--only CASE]... [--json FILE]

Each server in turn serves on loopback, pinned to the first processor; the load
comes from the other ones. With --http, the HTTP server alone is measured, in
more ways. Servers that are not installed are left out, and the foot says so.
"""
import argparse
import os
import signal
import sys
import tempfile
import time

import cases
import cases_http
import table
from benchlib import CLIENT_CORES, Server, raise_descriptor_limit
from peers import Peers, program

MOST_CLIENTS = 10_000
OTHER_DESCRIPTORS = 300  # what a server or its clients have open besides
OPTIONS = {"tcp": "-t", "udp": "-u", "http": "-w"}


class Bench:
    """Where everything is, how long to measure, and what there was to remark."""

    def __init__(self, args, folder):
        self.args = args
        self.folder = folder
        self.root = f"{folder}/root"
        self.date = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
        self.most_clients = min(MOST_CLIENTS, raise_descriptor_limit() - OTHER_DESCRIPTORS)
        self.warnings = {}
        self.clients = {}  # which were used, and how
        os.makedirs(f"{self.root}/many")
        os.chmod(folder, 0o755)
        self.peers = Peers(folder, self.root)

    def make_file(self, path, size):
        """Each file has another content, so no server can be right with the wrong
        one. Returns its path."""
        line = f"{path} {'0123456789 ' * 5}\n".encode()
        with open(self.root + path, "wb") as f:
            f.write((line * (size // len(line) + 1))[:size])
        return path

    def ours(self, kinds="http", *options, address="127.0.0.1"):
        """Our server with these services; .port is that of the last to be ready: UDP,
        TCP, HTTP is the order."""
        argv = [self.args.server, "-r", self.root, *options]
        for kind, option in OPTIONS.items():
            argv += [option, "0" if kind in kinds.split() else "off"]
        if address:
            argv += ["-a", address]
        return Server(argv, rf"ready: {kinds.split()[-1]} \S+:(\d+)")

    def warn(self, text):
        self.warnings[text] = self.warnings.get(text, 0) + 1


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--http", action="store_true", help="the HTTP cases")
    parser.add_argument("--server", default="src/uppercase-server")
    parser.add_argument("--load", default="src/uppercase-load")
    parser.add_argument("--bench", default="tests/bench", help="where the programs are")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--ms", type=int, help="of each run (1000; with --http 2000)")
    parser.add_argument("--nice", type=int, default=0, help="of servers and clients: below "
                        "0 (root only) keeps a busy machine's other work away")
    parser.add_argument("--only", action="append", metavar="CASE",
                        help=f"of {', '.join(cases.CASES)}; with --http of "
                        f"{', '.join(cases_http.CASES)}")
    parser.add_argument("--json", metavar="FILE")
    args = parser.parse_args()
    args.cases = (cases_http if args.http else cases).CASES
    args.ms = args.ms or (2000 if args.http else 1000)
    check(parser, args)
    return args


def check(parser, args):
    if args.runs < 1 or args.ms < 100:
        parser.error("--runs must be 1, --ms 100 or more")
    for name in args.only or []:
        if name not in args.cases:
            parser.error(f"no case \"{name}\": there are {', '.join(args.cases)}")
    if args.http and not program("wrk"):
        raise SystemExit("bench.py: wrk is not installed")
    for needed in (args.server, args.load, f"{args.bench}/limit",
                   f"{args.bench}/upper_speed"):
        if not os.access(needed, os.X_OK):
            raise SystemExit(f"bench.py: {needed} is missing: see make bench")


def be_nice(nice):
    try:
        os.nice(nice)
    except PermissionError:
        raise SystemExit("bench.py: only root may use a --nice below 0") from None


def run(bench, names):
    found, rows, samples = [], [], {}
    for name in names:
        case = bench.args.cases[name](bench)
        found.append(case)
        more, samples[name] = table.run_case(bench.args.runs, case)
        rows += more
    where = table.setting(bench)
    if bench.args.json:
        table.write_json(bench.args.json, bench, where, rows, samples)
    table.show_foot(bench, where, found, samples)


def main():
    args = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    be_nice(args.nice)
    os.sched_setaffinity(0, CLIENT_CORES)
    with tempfile.TemporaryDirectory(prefix="bench.") as folder:
        bench = Bench(args, folder)
        bench.make_file("/small.txt", cases_http.SMALL)
        table.show_head()
        run(bench, args.only or list(args.cases))


main()
