# SPDX-License-Identifier: MIT
"""Load by wrk: what it is to ask for, and what that cost the server."""
import json
import os
import signal
import subprocess
import time

from benchlib import CLIENT_CORES, Spent, on, written_bytes
from peers import program, version
from table import Sample
from webcheck import end_idle, idle_connections, verify

BUSY = 64
FILLING_MS = 500  # until downloads have filled the sockets


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

    def argv(self, port):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "wrk.lua")
        argv = [program("wrk"), "-t", str(min(4, len(CLIENT_CORES))),
                "-c", str(self.connections), "-d", "3600", "--timeout", "60", "-s", script]
        for header in self.headers:
            argv += ["-H", header]
        return [*argv, f"http://127.0.0.1:{port}{self.path}", "--", *self.script]


def describe():
    words = Load("/FILE", 0).argv("PORT")
    return " ".join(["wrk", version("wrk") + ":", "wrk",
                     *(os.path.basename(w) if w.endswith(".lua") else w for w in words[1:])])


class Wrk:
    """wrk at work, until it is asked for its result."""

    def __init__(self, bench, server, load):
        self.bench = bench
        self.name = server.name
        bench.clients["wrk"] = describe()
        self.process = subprocess.Popen(
            load.argv(server.port), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, **on(CLIENT_CORES))

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


def sample_of(spent, count, told):
    if not count:
        raise SystemExit(f"{spent.server.name} answered nothing")
    return Sample({"ns": spent.used / count}, spent, count, told)


def run_requests(bench, server, load):
    """What wrk's requests cost the server, each."""
    with Spent(server) as spent, Wrk(bench, server, load) as wrk:
        time.sleep(bench.args.ms / 1000)
        result = wrk.result()
    return sample_of(spent, result["requests"], result)


def run_bytes(bench, server, load):
    """What so many bytes as the file has cost, amid downloads. wrk can't tell: as
    it stops, hundreds of megabytes are under way; and sockets fill faster than
    they flow. So this counts what the server wrote, after a while."""
    with Wrk(bench, server, load) as wrk:
        time.sleep(FILLING_MS / 1000)
        with Spent(server) as spent:
            written = written_bytes(server.pid)
            time.sleep(bench.args.ms / 1000)
            written = written_bytes(server.pid) - written
        result = wrk.result()
    return sample_of(spent, written / load.size, result)


def measure(bench, start, load):
    """Starts a server, makes sure that it serves what it should, loads it."""
    with start() as server:
        verify(bench.root, server, load.files, load.size)
        rest = idle_connections(server, load.idle, load.path)
        sample = (run_bytes if load.per_byte else run_requests)(bench, server, load)
        end_idle(bench, server, rest)
        server.check_alive()
        return sample
