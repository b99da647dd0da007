# SPDX-License-Identifier: MIT
"""What the benchmarks share: servers pinned to the first processor that we may
use, their clients on the other ones, what a server's work costs, and the fair
comparison of two: measured in turn, so that both meet the same machine, and
divided pair by pair.
"""
import os
import re
import resource
import signal
import statistics
import subprocess
import sys
import time

CORES = sorted(os.sched_getaffinity(0))
SERVER_CORES = {CORES[0]}
CLIENT_CORES = set(CORES[1:]) or set(CORES)
START_SECONDS = 30
GONE = (FileNotFoundError, ProcessLookupError)


def on(cores, at_once=False):
    """For subprocess: the child runs on these processors only, in a session of its
    own, to which our nice value applies as a whole. (Linux shares a processor
    among sessions first, and looks at processes within each.) With at_once, and
    if we may, it need not wait for other programs there."""

    def prepare():
        os.sched_setaffinity(0, cores)
        if os.nice(0) and os.path.exists("/proc/self/autogroup"):
            with open("/proc/self/autogroup", "w") as f:
                f.write(str(os.nice(0)))
        if at_once:
            try:
                os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
            except PermissionError:
                pass

    return {"preexec_fn": prepare, "start_new_session": True}


def family(pid):
    """The process and all its descendants."""
    pids = [pid]
    for parent in pids:
        try:
            for task in os.listdir(f"/proc/{parent}/task"):
                with open(f"/proc/{parent}/task/{task}/children") as f:
                    pids += map(int, f.read().split())
        except GONE:
            pass
    return pids


def of_each(pid, read):
    """What read() tells of the process and of each descendant that still lives."""
    told = []
    for each in family(pid):
        try:
            told.append(read(each))
        except GONE:
            pass
    return told


def reaped_ns(pid):
    """The time of the process's children that have ended, in hundredths of a
    second."""
    with open(f"/proc/{pid}/stat") as f:
        numbers = f.read().rpartition(")")[2].split()
    ticks = int(numbers[13]) + int(numbers[14])
    return ticks * 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def own_sched_ns(pid):
    used = waited = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat") as f:
            numbers = f.read().split()
        used += int(numbers[0])
        waited += int(numbers[1])
    return used + reaped_ns(pid), waited


def sched_ns(pid):
    """Nanoseconds on a processor, and waiting for one, of the process with all
    its threads and descendants."""
    used, waited = zip(*of_each(pid, own_sched_ns))
    return sum(used), sum(waited)


def written_bytes(pid):
    """What the process and its descendants wrote, by write() or sendfile()."""

    def read(each):
        with open(f"/proc/{each}/io") as f:
            return int(re.search(r"^wchar: (\d+)", f.read(), re.M)[1])

    return sum(of_each(pid, read))


def private_bytes(pid):
    """Memory that the process and its descendants share with nobody."""

    def read(each):
        with open(f"/proc/{each}/smaps_rollup") as f:
            return int(re.search(r"^Private_Dirty:\s+(\d+) kB", f.read(), re.M)[1]) * 1024

    return sum(of_each(pid, read))


def descriptors(pid):
    """How many the process and its descendants have open."""
    return sum(of_each(pid, lambda each: len(os.listdir(f"/proc/{each}/fd"))))


def raise_descriptor_limit():
    """As far as we may; returns how many descriptors each program may have."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return sys.maxsize if hard == resource.RLIM_INFINITY else hard


class Server:
    """A started program on the server's processor. With a pattern, it listens, and
    .port is what the pattern found in what it .said; else the caller chose the
    port, and still has to wait. A .peer is not ours; one with .forks has a process
    for each client."""

    def __init__(self, argv, pattern=None, port=None, log=None, peer=False, forks=False):
        self.name = os.path.basename(argv[0])
        self.port = port
        self.peer = peer
        self.forks = forks
        self.said = ""
        self.process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=log or subprocess.PIPE,
            stderr=subprocess.STDOUT, **on(SERVER_CORES))
        if pattern:
            self.port = self.said_port(pattern)

    @property
    def pid(self):
        return self.process.pid

    def said_port(self, pattern):
        for line in self.process.stdout:
            self.said += line.decode(errors="replace")
            found = re.search(pattern, self.said)
            if found:
                return int(found[1])
        self.stop()
        raise SystemExit(f"{self.name} did not start: {self.said}")

    def check_alive(self):
        if self.process.poll() is not None:
            raise SystemExit(f"{self.name} died under load")

    def stop(self):
        """At once, with all that it started."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Spent:
    """What a server spends between begin() and end(), or within a with."""

    def __init__(self, server):
        self.server = server
        self.wall = None

    def now(self):
        return (time.monotonic_ns(), *sched_ns(self.server.pid))

    def begin(self):
        self.begun = self.now()

    def end(self):
        self.wall, self.used, self.waited = (b - a for a, b in zip(self.begun, self.now()))
        # Processes that share the processor wait for each other: that tells nothing.
        if self.server.forks:
            self.waited = 0

    def __enter__(self):
        self.begin()
        return self

    def __exit__(self, *_):
        self.end()


def until(condition, what):
    """Waits for the condition; some seconds at most."""
    end = time.monotonic() + START_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"{what}: not within {START_SECONDS} s")
        time.sleep(0.005)


def in_turn(runs, measures):
    """Calls each of the measures, one after the other, so many rounds. Takes
    and returns a dictionary; each value returned is the list of results."""
    results = {name: [] for name in measures}
    for _ in range(runs):
        for name, measure in measures.items():
            results[name].append(measure())
    return results


class Ratio:
    """a to b, from two lists of numbers that were taken in turn."""

    def __init__(self, a, b):
        self.all = [x / y for x, y in zip(a, b)]
        self.a = statistics.median(a)
        self.b = statistics.median(b)
        self.median = statistics.median(self.all)
        self.least = min(self.all)
        self.most = max(self.all)
