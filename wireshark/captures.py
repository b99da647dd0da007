#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Captures the lab's exercises, each in a network of its own.

usage: captures.py SERVER CLIENT FOLDER

Leaves in FOLDER, for each exercise, NAME.pcapng and NAME.txt, the packets as
tshark shows them with wireshark/uppercase.lua, and captures.html with all of
them: a table, what each packet is for, and who sends what to whom as a picture.

On a busy host a program may hesitate for so long that the packets are others:
an acknowledgement that would have travelled with the next segment goes alone, a
segment is sent again, two cross on their way. Each of these has a sign of its
own; such a capture is made again, ATTEMPTS times at the most, and that is said.
What needs a program that is not here is left out and said. What fails is said
with its reason, the rest is done all the same, and the exit status is 1.
"""
import fcntl
import html
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
DISSECTOR = os.path.join(HERE, "uppercase.lua")
PORT, WEB_PORT, OTHER_PORT, PROBE_PORT = 12000, 6789, 12001, 9
# Far above what anything here needs: a busy host is waited for.
PATIENCE_S = 120
RUN_S = 60
ATTEMPTS = 6
# Linux delays an acknowledgement that may travel with data by 40 ms or more.
DELAYED_S = 0.03
# So long a pause is shown in the picture.
SILENCE_S = 0.5

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
client.settimeout(%s)
%s
try:
    client.%s
    for reply in range(%d):
        print(client.recvfrom(2048)[0].decode())
except OSError as error:
    print(type(error).__name__)
client.close()
"""
AGAIN_CLIENT = """
from socket import *
client = socket(AF_INET, SOCK_DGRAM)
client.settimeout(1)
while True:
    client.sendto(b'hello', ('127.0.0.1', %d))
    try:
        print(client.recvfrom(2048)[0].decode())
        break
    except timeout:
        print('Request timed out')
client.close()
"""


class Hesitated(Exception):
    """The host was too busy for what the exercise is to show."""


class Failed(Exception):
    """It cannot be done here, whatever the host has to do."""


def new_network():
    return ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-r", "-n"]


def own_network():
    """Goes on in a network namespace of its own, with loopback up."""
    if os.environ.get("CAPTURES_INSIDE") != "1":
        os.environ["CAPTURES_INSIDE"] = "1"
        os.execvp("unshare", [*new_network(), sys.executable, *sys.argv])
    with socket.socket() as sock:
        request = struct.pack("16sh14x", b"lo", 0x41)  # IFF_UP, IFF_RUNNING
        fcntl.ioctl(sock, 0x8914, request)  # SIOCSIFFLAGS


class Capture:
    """tshark at work, from the first probe that it shows to the last.

    Each probe is a byte longer than the one before, so that what tshark shows
    late is not taken for the one that is waited for."""

    def __init__(self, path):
        self.errors = tempfile.TemporaryFile("w+")
        self.tshark = subprocess.Popen(
            ["tshark", "-q", "-l", "-P", "-n", "-i", "any", "-w", path, "-T",
             "fields", "-e", "udp.dstport", "-e", "udp.length"],
            stdout=subprocess.PIPE, stderr=self.errors)
        os.set_blocking(self.tshark.stdout.fileno(), False)
        self.sent = 0
        self.shown = b""
        self.wait_for_probe()

    def probe(self):
        self.sent += 1
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(bytes(self.sent), ("127.0.0.1", PROBE_PORT))

    def last_shown(self):
        """Of the probes; the lines of other packets have other ports."""
        self.shown += self.tshark.stdout.read() or b""
        lengths = re.findall(rb"^%d\t(\d+)$" % PROBE_PORT, self.shown, re.M)
        return int(lengths[-1]) - 8 if lengths else 0

    def said(self):
        self.errors.seek(0)
        return self.errors.read()

    def wait_for_probe(self):
        """Until one is shown that is sent from now on."""
        end = time.monotonic() + PATIENCE_S
        before = self.sent
        while self.last_shown() <= before:
            if self.tshark.poll() is not None:
                raise Failed("tshark ends: " + last_line(self.said()))
            if time.monotonic() > end:
                raise Hesitated("tshark shows nothing for %d s" % PATIENCE_S)
            self.probe()
            time.sleep(0.05)

    def stop(self):
        """What was sent before is in the file."""
        try:
            self.wait_for_probe()
        finally:
            self.end()
        dropped = re.search(r"(\d+) packets? dropped", self.said())
        if dropped:
            raise Hesitated("tshark dropped %s packets" % dropped[1])

    def end(self):
        self.tshark.terminate()
        self.tshark.wait()
        self.tshark.stdout.close()


class Server:
    """The server with these options, serving; or none."""

    def __init__(self, program, root, *options):
        # The tree may be in a folder that is open to root alone.
        as_root = ["--user=root"] if os.geteuid() == 0 else []
        self.process = subprocess.Popen(
            [program, "--config=/dev/null", "--listen=127.0.0.1", "--root",
             root, "--no-sandbox", *as_root, *options], stderr=subprocess.PIPE,
            text=True)
        ready, last = 0, ""
        for line in self.process.stderr:
            ready += ": ready: " in line
            if ready == 3:
                return
            last = line
        self.stop()
        raise Failed("the server does not start: " + last_line(last))

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stderr.close()


def run(*command):
    """What is still there after RUN_S is ended, its children as well."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          start_new_session=True) as process:
        try:
            process.wait(timeout=RUN_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise Hesitated("%s needs more than %g s" %
                            (os.path.basename(command[0]), RUN_S)) from None


def python(script):
    run(sys.executable, "-c", script)


def udp(is_connected, port=PORT, patience_s=0.5, replies=1):
    address = "('127.0.0.1', %d)" % port
    if is_connected:
        python(UDP_CLIENT % (patience_s, "client.connect(%s)" % address,
                             "send(b'hello')", replies))
    else:
        python(UDP_CLIENT % (patience_s, "", "sendto(b'hello', %s)" % address,
                             replies))


def ours(client, *options):
    run(client, "--timeout=%ds" % PATIENCE_S, *options, "127.0.0.1", str(PORT),
        "hello, network!")


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
    """With a profile of its own: another Chromium may be in the user's."""
    with tempfile.TemporaryDirectory() as profile:
        run("chromium", "--headless", "--no-sandbox", "--disable-gpu",
            "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync",
            "--no-proxy-server", "--user-data-dir=" + profile, "--dump-dom",
            "http://127.0.0.1:%d/file.txt" % WEB_PORT)


# name, title, the server's options (None: no server), the program that it
# needs besides, what the client does
def exercises(client):
    return [
        ("udp", "UDP: a datagram and its reply", [], None,
         lambda: udp(False, patience_s=PATIENCE_S)),
        ("udp-lost", "UDP: a datagram is lost (--fault='udp: drop #1')",
         ["--fault=udp: drop #1"], None,
         lambda: python(AGAIN_CLIENT % PORT)),
        ("udp-duplicate",
         "UDP: a reply comes twice (--fault='udp: duplicate #1')",
         ["--fault=udp: duplicate #1"], None,
         lambda: udp(False, patience_s=PATIENCE_S, replies=2)),
        ("tcp-once", "TCP: one message for each connection (--tcp-once)",
         ["--tcp-once"], None, lambda: python(TCP_CLIENT % PORT)),
        ("tcp-once-ours", "TCP: the same with uppercase-client",
         ["--tcp-once"], None, lambda: ours(client)),
        ("tcp", "TCP: as the server is by default", [], None,
         lambda: python(TCP_CLIENT % PORT)),
        ("tcp-half-close", "TCP: the client ends its side first", [], None,
         lambda: ours(client, "--half-close")),
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
          "_ws.col.Info", "uppercase.why", "icmp.type", "tcp.stream",
          "tcp.flags", "tcp.seq", "tcp.ack", "tcp.len"]
FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
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


# --- whether the host hesitated ---

class Side:
    """What one end of a connection has sent so far, in sequence numbers."""

    def __init__(self):
        self.next = 0
        self.acknowledged = 0
        self.has_ended = False
        self.time = 0.0  # of the last that needs an acknowledgement


def sign_in_segment(row, here, there):
    """Each segment begins where its side's last one ended, acknowledges all
    that the other side has sent, and does so at once or with data. An end is
    acknowledged with the end of the own side, unless its program takes long."""
    flags, time_s = int(row["tcp.flags"], 16), float(row["frame.time_relative"])
    seq, size = int(row["tcp.seq"]), int(row["tcp.len"])
    size += (flags & SYN != 0) + (flags & FIN != 0)
    is_bare = size == 0 and not flags & RST
    sign = None

    if seq != here.next and not flags & RST:
        sign = "is sent again" if seq < here.next else "has others before it"
    elif flags & ACK and int(row["tcp.ack"]) < there.next:
        sign = "crosses another on its way"
    elif is_bare and int(row["tcp.ack"]) == there.acknowledged:
        sign = "says nothing new"
    elif is_bare and there.has_ended and not here.has_ended:
        sign = "acknowledges an end by itself"
    elif is_bare and time_s - there.time > DELAYED_S:
        sign = "is a delayed acknowledgement"
    if flags & ACK:
        there.acknowledged = int(row["tcp.ack"])
    here.has_ended |= flags & FIN != 0
    if size:
        here.next, here.time = seq + size, time_s
    return sign


def sign_in_datagram(row, requests):
    if row["icmp.type"]:
        return "says that the client had left" \
            if row["from"] == str(PORT) else None
    if row["to"] == str(PORT):
        requests.append(row)
    return "is a third request: the reply took too long" \
        if len(requests) > 2 else None


def hesitation(packets):
    """Its first sign in these, or None."""
    sides, requests = {}, []
    for row in packets:
        if row["tcp.stream"]:
            here, there = (sides.setdefault((row["tcp.stream"], row[end]),
                                            Side()) for end in ("from", "to"))
            sign = sign_in_segment(row, here, there)
        else:
            sign = sign_in_datagram(row, requests)
        if sign:
            return "packet %s %s" % (row["frame.number"], sign)
    return None


# --- the page ---

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


def arrow(row, y):
    is_request = int(row["to"] or 0) in PORTS
    # What says that nobody listens comes from the server's side.
    is_request = is_request and "ICMP" not in row["_ws.col.Protocol"]
    x, tip, back = (80, 560, -8) if is_request else (560, 80, 8)
    return ('<path d="M%d %dL%d %dm%d -5L%d %dl%d 5" fill="none" '
            'stroke="currentColor"/>\n<text x="320" y="%d">%s</text>'
            % (x, y, tip, y + 12, back, tip, y + 12, back, y,
               html.escape(label(row["info"]))))


def ladder(packets):
    """The client on the left, the server on the right, time downwards; a
    silence that somebody waits through is a row of its own."""
    out, y, before = [], 10, 0.0
    for row in packets:
        now = float(row["frame.time_relative"])
        y += 30
        if now - before >= SILENCE_S:
            out.append('<text x="320" y="%d">(%.1f s of silence)</text>'
                       % (y + 6, now - before))
            y += 30
        out.append(arrow(row, y))
        before = now
    y += 20
    return "\n".join([
        '<svg viewBox="0 0 640 %d" width="640" role="img">' % (y + 10),
        '<path d="M80 20V%d M560 20V%d" stroke="currentColor"/>' % (y, y),
        '<text x="80" y="14">client</text>'
        '<text x="560" y="14">server</text>', *out]) + "\n</svg>\n"


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


# --- all of it ---

def last_line(text):
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it says nothing"


def wait_until_over():
    """No connection is left that would send anything more."""
    end = time.monotonic() + PATIENCE_S
    quiet = ("0A", "06")  # LISTEN, TIME_WAIT
    while True:
        with open("/proc/net/tcp") as table_of_sockets:
            states = [line.split()[3] for line in table_of_sockets][1:]
        if all(state in quiet for state in states):
            return
        if time.monotonic() > end:
            raise Hesitated("a connection does not end")
        time.sleep(0.01)


def record(path, program, root, options, act):
    """All packets while the server, if there is to be one, is acted on."""
    server = None
    if options is not None:
        server = Server(program, root, *options)
    try:
        capture = Capture(path)
        try:
            act()
            wait_until_over()
        except BaseException:
            capture.end()
            raise
        capture.stop()
    finally:
        if server:
            server.stop()


def attempt(folder, program, root, exercise):
    """One capture of it; raises Hesitated when it is not what it is to be."""
    name, _, options, _, act = exercise
    path = os.path.join(folder, name + ".pcapng")

    record(path + ".all", program, root, options, act)
    leave_out_probes(path + ".all", path)
    with open(os.path.join(folder, name + ".txt"), "w") as file:
        file.write(tshark(path, "-t", "r"))
    packets = list(rows(path))
    sign = hesitation(packets)
    if sign or not packets:
        raise Hesitated(sign or "there are no packets")
    return packets


def remove(folder, name):
    """What an earlier run has left of it is not to be taken for this one's."""
    for ending in (".pcapng", ".pcapng.all", ".txt"):
        path = os.path.join(folder, name + ending)
        if os.path.exists(path):
            os.unlink(path)


def perform(folder, program, root, exercise):
    """Its packets; raises Failed when there are none to be shown."""
    name, _, _, needed, _ = exercise

    remove(folder, name)
    if needed and not shutil.which(needed):
        print("%s: left out: %s is not installed" % (name, needed))
        return None
    for i in range(ATTEMPTS):
        try:
            packets = attempt(folder, program, root, exercise)
            print("%s: %d packets" % (name, len(packets)), flush=True)
            return packets
        except Hesitated as sign:
            last = str(sign)
            if i + 1 < ATTEMPTS:
                print("%s: once more: %s" % (name, last), flush=True)
    raise Failed("%d times in vain, at last: %s" % (ATTEMPTS, last))


def perform_all(folder, program, root, todo):
    """What has been done, and whether nothing has failed."""
    done, is_good = [], True
    for exercise in todo:
        name, title = exercise[:2]
        try:
            packets = perform(folder, program, root, exercise)
        except (Failed, OSError, subprocess.SubprocessError) as error:
            print("%s: FAILED: %s" % (name, error), flush=True)
            is_good = False
            continue
        if packets:
            done.append((name, title, packets))
    return done, is_good


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    for tool in ("tshark", "unshare"):
        if not shutil.which(tool):
            sys.exit("captures: %s is needed and not installed" % tool)
    program, client = [os.path.abspath(path) for path in sys.argv[1:3]]
    folder = os.path.abspath(sys.argv[3])
    root = os.path.join(os.path.dirname(HERE), "htdocs")
    own_network()
    os.makedirs(folder, exist_ok=True)
    done, is_good = perform_all(folder, program, root, exercises(client))
    with open(os.path.join(folder, "captures.html"), "w") as file:
        file.write(page(done))
    print("what was captured: %s" % os.path.join(folder, "captures.html"))
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main()
