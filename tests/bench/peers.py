# SPDX-License-Identifier: MIT
"""The other servers that are measured beside ours: how each is set up, in a
temporary folder, on loopback, with a single worker, as a sane operator would,
and no access log unless one is asked for.
"""
import os
import platform
import re
import shlex
import shutil
import socket
import subprocess

from benchlib import Server, until

# Debian has them here, which is in no ordinary user's PATH.
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"

NGINX = """\
daemon off;
worker_processes 1;
{user}pid {folder}/nginx.pid;
error_log {folder}/nginx.err;
events {{ worker_connections 12288; }}
http {{
	types {{ text/plain txt; }}
	default_type application/octet-stream;
	sendfile on;
	tcp_nopush on;
	keepalive_requests 1000000000;
	{cache}access_log {log};
	client_body_temp_path {folder}/nginx.tmp;
	proxy_temp_path {folder}/nginx.tmp;
	fastcgi_temp_path {folder}/nginx.tmp;
	uwsgi_temp_path {folder}/nginx.tmp;
	scgi_temp_path {folder}/nginx.tmp;
	server {{ listen 127.0.0.1:{port} backlog=4096; root {root}; }}
}}
"""
NGINX_CACHE = """\
open_file_cache max=20000 inactive=60s;
	open_file_cache_valid 30s;
	open_file_cache_errors on;
	"""

LIGHTTPD = """\
server.document-root = "{root}"
server.bind = "127.0.0.1"
server.port = {port}
server.errorlog = "{folder}/lighttpd.err"
server.max-fds = 16384
server.max-connections = 8192
server.listen-backlog = 4096
server.max-keep-alive-requests = 1000000000
server.max-keep-alive-idle = 60
mimetype.assign = ( ".txt" => "text/plain" )
"""

H2O = """\
{user}num-threads: 1
max-connections: 12288
error-log: {folder}/h2o.err
pid-file: {folder}/h2o.pid
listen: {{ host: 127.0.0.1, port: {port} }}
http1-request-timeout: 60
hosts:
  default:
    paths:
      "/": {{ file.dir: {root} }}
"""

# Peers of the uppercase services. ncat has one UDP client at a time; the others
# find theirs in the queue.
UPPERCASE = {
    ("socat", "tcp"): "socat TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork,backlog=128 "
                      "'EXEC:stdbuf -o0 tr a-z A-Z'",
    ("socat", "udp"): "socat UDP-RECVFROM:{port},bind=127.0.0.1,fork 'EXEC:tr a-z A-Z'",
    ("ncat", "tcp"): "ncat -l -k -n --sh-exec 'exec stdbuf -o0 tr a-z A-Z' 127.0.0.1 {port}",
    ("ncat", "udp"): "ncat -u -l -k -n --sh-exec 'exec stdbuf -o0 tr a-z A-Z' "
                     "127.0.0.1 {port}",
    ("asyncio", "tcp"): "python3 {scripts}/asyncio_peer.py tcp {port}",
    ("asyncio", "udp"): "python3 {scripts}/asyncio_peer.py udp {port}",
}
FORKING = ("socat", "ncat")
VERSION_OPTIONS = {"socat": "-V", "ncat": "--version"}


def program(name):
    return shutil.which({"asyncio": "python3"}.get(name, name), path=PATH)


def version(name):
    """What the program says of itself, None when it is not installed."""
    if name == "asyncio":
        return "of Python " + platform.python_version()
    if not program(name):
        return None
    out = subprocess.run([program(name), VERSION_OPTIONS.get(name, "-v")],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
    found = re.search(r"\d+\.\d+[.\w-]*", out)
    return found[0] if found else "of unknown version"


def free_port(kind):
    with socket.socket(type=socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def is_served(kind, port):
    """Whether there is somebody at the port. (Asking a datagram's server would give
    it a client that it may have to wait for.)"""
    if kind != "udp":
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0
    with open("/proc/net/udp") as f:
        return any(line.split()[1].endswith(f":{port:04X}") for line in f)


class Peers:
    def __init__(self, folder, root):
        self.folder = folder
        self.root = root
        self.used = {}
        self.missing = set()
        os.mkdir(f"{folder}/nginx.tmp")

    def has(self, name):
        if not program(name):
            self.missing.add(name)
        return name not in self.missing

    def web_settings(self, name, log="off", cache=False, port=0):
        root_user = os.geteuid() == 0
        if name == "nginx":
            return NGINX.format(user="user root;\n" if root_user else "", port=port,
                                folder=self.folder, root=self.root, log=log,
                                cache=NGINX_CACHE if cache else "")
        if name == "lighttpd":
            return LIGHTTPD.format(folder=self.folder, root=self.root, port=port)
        return H2O.format(user="user: root\n" if root_user else "", port=port,
                          folder=self.folder, root=self.root)

    def web_argv(self, name, settings):
        path = f"{self.folder}/{name}.conf"
        with open(path, "w") as f:
            f.write(settings)
        return {"nginx": ["nginx", "-p", self.folder, "-e", f"{self.folder}/nginx.err",
                          "-c", path],
                "lighttpd": ["lighttpd", "-D", "-f", path],
                "h2o": ["h2o", "-m", "worker", "-c", path]}[name]

    def start(self, name, kind="http", **settings):
        """Starts it; returns when it serves."""
        port = free_port(kind)
        if kind == "http":
            self.used[name] = None
            argv = self.web_argv(name, self.web_settings(name, port=port, **settings))
        else:
            command = UPPERCASE[name, kind]
            self.used[f"{name} {kind}"] = command
            scripts = os.path.dirname(os.path.abspath(__file__))
            argv = shlex.split(command.format(port=port, scripts=scripts))
        return self.start_argv(name, kind, port, argv)

    def start_argv(self, name, kind, port, argv):
        path = f"{self.folder}/{name}.out"
        with open(path, "w") as out:
            server = Server([program(argv[0]), *argv[1:]], port=port, log=out, peer=True,
                            forks=name in FORKING)

        def serves():
            if server.process.poll() is not None:
                with open(path) as out:
                    raise SystemExit(f"{name} did not start: {out.read()}")
            return is_served(kind, port)

        try:
            until(serves, f"{name} to serve")
        except BaseException:
            server.stop()
            raise
        return server

    def versions(self):
        return {name: version(name) for name in {used.split()[0] for used in self.used}}

    def all_settings(self):
        """How those that were used were set up."""
        settings = {used: command.format(port="PORT", scripts="DIR") if command
                    else self.web_settings(used, cache=True, port="PORT")
                    for used, command in self.used.items()}
        if "nginx" in settings:
            settings["nginx"] += "(open_file_cache where a row says so, and with logs)"
        return settings
