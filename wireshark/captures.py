#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Captures the lab's exercises, each in a network of its own.

usage: captures.py SERVER CLIENT FOLDER

Leaves in FOLDER, for each exercise, NAME.pcapng and NAME.txt, the packets as
tshark shows them with wireshark/uppercase.lua, and captures.html with all of
them: a table, what each packet is for, and who sends what to whom as a picture.
What cannot be done here is said, and the rest is done.
"""
import fcntl
import html
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
DISSECTOR = os.path.join(HERE, "uppercase.lua")
PORT, WEB_PORT, OTHER_PORT, PROBE_PORT = 12000, 6789, 12001, 9
PATIENCE_S = 20

TCP_CLIENT = """
from socket import *
client = socket(AF_INET, SOCK_STREAM)
client.connect(('127.0.0.1', %d))
client.send(b'hello, network!')
print(client.recv(1024).decode())
client.close()
"""
UDP_CLIENT = """
from socket import *
client = socket(AF_INET, SOCK_DGRAM)
client.settimeout(0.5)
%s
try:
    client.%s
    print(client.recvfrom(2048)[0].decode())
except OSError as error:
    print(type(error).__name__)
client.close()
"""


def own_network():
    """Goes on in a network namespace of its own, with loopback up."""
    if os.environ.get("CAPTURES_INSIDE") != "1":
        os.environ["CAPTURES_INSIDE"] = "1"
        way = ["-n"] if os.geteuid() == 0 else ["-r", "-n"]
        os.execvp("unshare", ["unshare", *way, sys.executable, *sys.argv])
    with socket.socket() as sock:
        request = struct.pack("16sh14x", b"lo", 0x41)  # IFF_UP, IFF_RUNNING
        fcntl.ioctl(sock, 0x8914, request)  # SIOCSIFFLAGS


class Capture:
    """tshark at work; it has begun when it shows a probe."""

    def __init__(self, path):
        self.tshark = subprocess.Popen(
            ["tshark", "-q", "-l", "-P", "-n", "-i", "any", "-w", path],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        os.set_blocking(self.tshark.stdout.fileno(), False)
        self.seen = b""
        self.wait_for(1)

    def probe(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"probe", ("127.0.0.1", PROBE_PORT))

    def wait_for(self, n):
        """Until n more packets have been shown."""
        end = time.monotonic() + PATIENCE_S
        wanted = self.seen.count(b"\n") + n
        while self.seen.count(b"\n") < wanted:
            if time.monotonic() > end or self.tshark.poll() is not None:
                raise RuntimeError("tshark shows nothing: may it capture?")
            self.probe()
            time.sleep(0.05)
            self.seen += self.tshark.stdout.read() or b""

    def stop(self):
        """What was sent before is in the file."""
        self.wait_for(1)
        self.tshark.terminate()
        self.tshark.wait()


class Server:
    """The server with these options, serving; or none."""

    def __init__(self, program, root, *options):
        self.process = subprocess.Popen(
            [program, "--config=/dev/null", "--listen=127.0.0.1", "--root",
             root, "--no-sandbox", *options], stderr=subprocess.PIPE, text=True)
        ready = 0
        for line in self.process.stderr:
            ready += ": ready: " in line
            if ready == 3:
                return
        raise RuntimeError("the server does not start")

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stderr.close()


def run(*command):
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, timeout=60, check=False)


def python(script):
    run(sys.executable, "-c", script)


def udp(is_connected, port=PORT):
    if is_connected:
        python(UDP_CLIENT % ("client.connect(('127.0.0.1', %d))" % port,
                             "send(b'hello')"))
    else:
        python(UDP_CLIENT % ("", "sendto(b'hello', ('127.0.0.1', %d))" % port))


def half_close(client):
    run(client, "--half-close", "127.0.0.1", str(PORT), "hello, network!")


def reset():
    with socket.create_connection(("127.0.0.1", PORT)) as sock:
        sock.sendall(b"hello")
        sock.recv(5)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack("ii", 1, 0))


def fetch(*paths):
    run("curl", "-s", *["http://127.0.0.1:%d%s" % (WEB_PORT, path)
                        for path in paths])


def browse():
    run("chromium", "--headless", "--no-sandbox", "--disable-gpu",
        "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--no-proxy-server",
        "--dump-dom", "http://127.0.0.1:%d/file.txt" % WEB_PORT)


# name, title, the server's options (None: no server), the program that it
# needs besides, what the client does
def exercises(client):
    return [
        ("udp", "UDP: a datagram and its reply", [], None,
         lambda: udp(False)),
        ("tcp-once", "TCP: one message for each connection (--tcp-once)",
         ["--tcp-once"], None, lambda: python(TCP_CLIENT % PORT)),
        ("tcp", "TCP: as the server is by default", [], None,
         lambda: python(TCP_CLIENT % PORT)),
        ("tcp-half-close", "TCP: the client ends its side first", [], None,
         lambda: half_close(client)),
        ("tcp-reset", "TCP: the client breaks off", [], None, reset),
        ("web", "A web page, and one that is not there", [], "curl",
         lambda: fetch("/file.txt", "/none")),
        ("browser", "A web page in a browser", [], "chromium", browse),
        ("tcp-client-first", "TCP: the client starts before the server", None,
         None, lambda: python(TCP_CLIENT % PORT)),
        ("udp-client-first", "UDP: the client starts before the server", None,
         None, lambda: udp(False)),
        ("udp-connected-first", "UDP: the same with a connected socket", None,
         None, lambda: udp(True)),
        ("udp-other-port", "UDP: client and server have different ports", [],
         None, lambda: udp(False, OTHER_PORT)),
        ("tcp-other-port", "TCP: client and server have different ports", [],
         None, lambda: python(TCP_CLIENT % OTHER_PORT)),
    ]


# --- what tshark makes of it ---

FIELDS = ["frame.number", "frame.time_relative", "tcp.srcport", "udp.srcport",
          "tcp.dstport", "udp.dstport", "_ws.col.Protocol", "frame.len",
          "_ws.col.Info", "uppercase.why"]
PORTS = (PORT, WEB_PORT, OTHER_PORT)


def leave_out_probes(path, out):
    wanted = " or ".join("%s.port == %d" % (way, port)
                         for way in ("tcp", "udp") for port in PORTS)
    subprocess.run(["tshark", "-n", "-r", path, "-Y", wanted, "-w", out],
                   stderr=subprocess.DEVNULL, check=True)
    os.unlink(path)


def tshark(path, *options):
    return subprocess.run(
        ["tshark", "-n", "-2", "-R", "frame", "-r", path, "-X",
         "lua_script:" + DISSECTOR, *options],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        check=True).stdout


def rows(path):
    options = ["-T", "fields", "-E", "separator=/t", "-E", "occurrence=l"]
    for field in FIELDS:
        options += ["-e", field]
    for line in tshark(path, *options).splitlines():
        row = dict(zip(FIELDS, line.split("\t")))
        row["from"] = row["tcp.srcport"] or row["udp.srcport"]
        row["to"] = row["tcp.dstport"] or row["udp.dstport"]
        row["info"] = row["_ws.col.Info"].split(" | ")[0]
        yield row


def cell(text, name="td"):
    return "<%s>%s</%s>" % (name, html.escape(text), name)


def table(packets):
    names = ["No.", "Time", "From", "To", "Protocol", "Length", "Info",
             "What it is for"]
    keys = ["frame.number", "frame.time_relative", "from", "to",
            "_ws.col.Protocol", "frame.len", "info", "uppercase.why"]
    lines = ["<tr>" + "".join(cell(name, "th") for name in names) + "</tr>"]
    for row in packets:
        lines.append("<tr>" + "".join(cell(row[key]) for key in keys) + "</tr>")
    return "<table>\n" + "\n".join(lines) + "\n</table>\n"


def label(info):
    """Without ports, and without what every segment has."""
    info = re.sub(r"^\d+ \S+ \d+ ", "", info)
    return re.sub(r" (Win|MSS|TSval|TSecr|WS)=\d+| SACK_PERM", "", info)[:64]


def ladder(packets):
    """The client on the left, the server on the right, time downwards."""
    height = 40 + 30 * len(packets)
    out = ['<svg viewBox="0 0 640 %d" width="640" role="img">' % height,
           '<path d="M80 20V%d M560 20V%d" stroke="currentColor"/>'
           % (height - 10, height - 10),
           '<text x="80" y="14">client</text>'
           '<text x="560" y="14">server</text>']
    for i, row in enumerate(packets):
        is_request = int(row["to"] or 0) in PORTS
        # What says that nobody listens comes from the server's side.
        is_request = is_request and "ICMP" not in row["_ws.col.Protocol"]
        x, tip, y = (80, 560, 40 + 30 * i) if is_request else \
            (560, 80, 40 + 30 * i)
        back = -8 if is_request else 8
        out.append('<path d="M%d %dL%d %dm%d -5L%d %dl%d 5" fill="none" '
                   'stroke="currentColor"/>'
                   % (x, y, tip, y + 12, back, tip, y + 12, back))
        out.append('<text x="320" y="%d">%s</text>'
                   % (y, html.escape(label(row["info"]))))
    return "\n".join(out) + "\n</svg>\n"


STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 75em;
  padding: 0 1em; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { text-align: left; padding: .2em .8em .2em 0; vertical-align: top;
  border-bottom: 1px solid #8884; }
td:nth-child(-n+6) { font-variant-numeric: tabular-nums; white-space: nowrap; }
svg { max-width: 100%; height: auto; margin: 1em 0; }
text { font: 11px system-ui, sans-serif; text-anchor: middle;
  fill: currentColor; }
"""


def page(done):
    out = ["<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
           "<meta name=\"viewport\" content=\"width=device-width\">\n"
           "<title>The lab's captures</title>\n<style>%s</style>\n"
           "<h1>The lab's captures</h1>\n" % STYLE]
    for name, title, packets in done:
        out.append("<h2 id=\"%s\">%s</h2>\n<p>%d packets, in %s.pcapng</p>\n"
                   % (name, html.escape(title), len(packets), name))
        out.append(table(packets))
        out.append(ladder(packets))
    return "".join(out)


def perform(folder, programs, root, exercise):
    name, title, options, needed, act = exercise
    path = os.path.join(folder, name + ".pcapng")
    server = None

    if needed and not shutil.which(needed):
        print("%s: left out: %s is not installed" % (name, needed))
        return None
    if options is not None:
        server = Server(programs[0], root, *options)
    try:
        capture = Capture(path + ".all")
        act()
        capture.stop()
    finally:
        if server:
            server.stop()
    leave_out_probes(path + ".all", path)
    with open(os.path.join(folder, name + ".txt"), "w") as file:
        file.write(tshark(path, "-t", "r"))
    packets = list(rows(path))
    print("%s: %d packets" % (name, len(packets)))
    return name, title, packets


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    for tool in ("tshark", "unshare"):
        if not shutil.which(tool):
            sys.exit("captures: %s is needed and not installed" % tool)
    programs = [os.path.abspath(path) for path in sys.argv[1:3]]
    folder = os.path.abspath(sys.argv[3])
    root = os.path.join(os.path.dirname(HERE), "htdocs")
    own_network()
    os.makedirs(folder, exist_ok=True)
    done = [perform(folder, programs, root, exercise)
            for exercise in exercises(programs[1])]
    with open(os.path.join(folder, "captures.html"), "w") as file:
        file.write(page([one for one in done if one]))
    print("all of them: %s" % os.path.join(folder, "captures.html"))


main()
