# SPDX-License-Identifier: MIT
"""What the benchmarks share: servers pinned to the first processor that we may
use, their clients on the other ones, what a server's work costs, and the fair
comparison of two: measured in turn, so that both meet the same machine, and
divided pair by pair.
"""
import os
import re
import signal
import statistics
import subprocess
import time

CORES = sorted(os.sched_getaffinity(0))
SERVER_CORES = {CORES[0]}
CLIENT_CORES = set(CORES[1:]) or set(CORES)
START_SECONDS = 10


def on(cores):
    """For subprocess: the child runs on these processors only, in a session of its
    own, to which our nice value applies as a whole. (Linux shares a processor
    among sessions first, and looks at processes within each.)"""

    def prepare():
        os.sched_setaffinity(0, cores)
        if os.nice(0) and os.path.exists("/proc/self/autogroup"):
            with open("/proc/self/autogroup", "w") as f:
                f.write(str(os.nice(0)))

    return {"preexec_fn": prepare, "start_new_session": True}


def family(pid):
    """The process and all its descendants."""
    pids = [pid]
    for parent in pids:
        for task in os.listdir(f"/proc/{parent}/task"):
            with open(f"/proc/{parent}/task/{task}/children") as f:
                pids += map(int, f.read().split())
    return pids


def sched_ns(pid):
    """Nanoseconds on a processor, and waiting for one, of the process with all
    its threads and descendants."""
    used = waited = 0
    for each in family(pid):
        for task in os.listdir(f"/proc/{each}/task"):
            with open(f"/proc/{each}/task/{task}/schedstat") as f:
                numbers = f.read().split()
            used += int(numbers[0])
            waited += int(numbers[1])
    return used, waited


def cpu_ns(pid):
    return sched_ns(pid)[0]


def written_bytes(pid):
    """What the process and its descendants wrote, by write() or sendfile()."""
    written = 0
    for each in family(pid):
        with open(f"/proc/{each}/io") as f:
            written += int(re.search(r"^wchar: (\d+)", f.read(), re.M)[1])
    return written


def private_bytes(pid):
    """Memory that the process alone uses."""
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return int(re.search(r"^Private_Dirty:\s+(\d+) kB", f.read(), re.M)[1]) * 1024


class Server:
    """A started program on the server's processor. With a pattern, it listens, and
    .port is what the pattern found in what it .said; else the caller chose the
    port, and still has to wait."""

    def __init__(self, argv, pattern=None, port=None, log=None):
        self.name = argv[0]
        self.port = port
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
