#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Server CPU time per exchange, beside the bare epoll limit.

usage: compare.py [--server PROGRAM] [--bench DIRECTORY] [--runs N] [--ms N]

Runs the server and tests/bench/limit in turn, pinned to the first processor,
with tests/bench/drive on the other ones; prints the median of the runs and
their ratio, and the memory that an idle connection costs. Loopback only.
"""
import argparse, os, re, resource, signal, socket, statistics, subprocess, time

cores = sorted(os.sched_getaffinity(0))


def pin(core_set):
    return lambda: os.sched_setaffinity(0, core_set)


def cpu_ns(pid):
    """CPU time of a single-threaded process: /proc/PID/schedstat."""
    with open(f"/proc/{pid}/schedstat") as f:
        return int(f.read().split()[0])


def rss_bytes(pid):
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return int(re.search(r"^Private_Dirty:\s+(\d+) kB", f.read(), re.M)[1]) * 1024


class Server:
    """A started server, with the ports that it said."""

    def __init__(self, argv, pattern):
        self.process = subprocess.Popen(
            argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            preexec_fn=pin({cores[0]}))
        self.port = None
        for line in self.process.stdout:
            found = re.search(pattern, line)
            if found:
                self.port = int(found[1])
                return
        raise SystemExit(f"{argv[0]} did not start")

    def stop(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()


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
    before = cpu_ns(server.process.pid)
    out = subprocess.run(
        [f"{args.bench}/drive", kind, "127.0.0.1", str(server.port),
         str(clients), str(size), str(args.ms)],
        preexec_fn=pin(set(cores[1:]) or set(cores)), check=True,
        capture_output=True, text=True).stdout
    return (cpu_ns(server.process.pid) - before) / int(out)


def compare(args, title, start_a, start_b, kind, clients, size):
    a, b = [], []
    for _ in range(args.runs):
        for start, into in ((start_a, a), (start_b, b)):
            server = start()
            into.append(drive(args, server, kind, clients, size))
            server.stop()
    ratios = [x / y for x, y in zip(a, b)]
    print(f"{title}: {statistics.median(a):.0f} ns, limit "
          f"{statistics.median(b):.0f} ns, ratio {statistics.median(ratios):.3f} "
          f"(runs {min(ratios):.3f} to {max(ratios):.3f})", flush=True)


def idle(args, kind, n):
    """Bytes of memory per idle connection, and what they cost the busy ones."""
    option = {"tcp": ["-t0", "-woff"], "http": ["-w0", "-t0"]}[kind]
    server = Server([args.server, "-a", "127.0.0.1", "-uoff", *option, "-r", "/tmp"],
                    rf"ready: {kind} \S+:(\d+)")
    pid = server.process.pid
    drive_port = server.port
    before_cost = drive(args, server, "tcp", 64, 15) if kind == "tcp" else None
    before = rss_bytes(pid)
    # One source address has too few ports for some counts: use several.
    sockets = []
    for i in range(n):
        s = socket.socket()
        s.bind((f"127.0.1.{1 + i // 5000}", 0))
        s.connect(("127.0.0.1", drive_port))
        sockets.append(s)
    want = n + 5
    while len(os.listdir(f"/proc/{pid}/fd")) < want:
        time.sleep(0.01)
    each = (rss_bytes(pid) - before) / n
    after_cost = drive(args, server, "tcp", 64, 15) if kind == "tcp" else None
    print(f"{kind}: {n} idle connections cost {each:.0f} bytes each", flush=True)
    if kind == "tcp":
        print(f"tcp: 64 busy among {n} idle: {after_cost / before_cost:.3f} times the "
              f"CPU per exchange of 64 alone", flush=True)
    for s in sockets:
        s.close()
    server.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", default="src/uppercase-server")
    parser.add_argument("--bench", default="tests/bench")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--ms", type=int, default=2000)
    parser.add_argument("--idle", type=int, default=10000)
    args = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
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
