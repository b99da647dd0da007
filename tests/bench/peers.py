# SPDX-License-Identifier: MIT
"""The other HTTP servers that http.py measures beside ours: how each is set up,
in a temporary folder, on loopback, with a single worker, as a sane operator
would for static files, and no access log unless one is asked for.
"""
import os
import re
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
events {{ worker_connections 8192; }}
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
max-connections: 8192
error-log: {folder}/h2o.err
pid-file: {folder}/h2o.pid
listen: {{ host: 127.0.0.1, port: {port} }}
http1-request-timeout: 60
hosts:
  default:
    paths:
      "/": {{ file.dir: {root} }}
"""


def program(name):
    return shutil.which(name, path=PATH)


def version(name):
    """What the program says of itself, None when it is not installed."""
    option = {"nginx": "-v", "lighttpd": "-v", "h2o": "-v", "wrk": "-v"}[name]
    if not program(name):
        return None
    out = subprocess.run([program(name), option], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True).stdout
    found = re.search(r"\d+\.\d+\S*", out)
    return found[0] if found else "of unknown version"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Peers:
    def __init__(self, folder, root):
        self.folder = folder
        self.root = root
        os.mkdir(f"{folder}/nginx.tmp")

    def settings(self, name, log="off", cache=False, port=0):
        root_user = os.geteuid() == 0
        if name == "nginx":
            return NGINX.format(user="user root;\n" if root_user else "", port=port,
                                folder=self.folder, root=self.root, log=log,
                                cache=NGINX_CACHE if cache else "")
        if name == "lighttpd":
            return LIGHTTPD.format(folder=self.folder, root=self.root, port=port)
        return H2O.format(user="user: root\n" if root_user else "", port=port,
                          folder=self.folder, root=self.root)

    def start(self, name, **settings):
        """Starts it; returns when it accepts connections."""
        port = free_port()
        path = f"{self.folder}/{name}.conf"
        with open(path, "w") as f:
            f.write(self.settings(name, port=port, **settings))
        argv = {"nginx": ["-p", self.folder, "-e", f"{self.folder}/nginx.err", "-c", path],
                "lighttpd": ["-D", "-f", path],
                "h2o": ["-m", "worker", "-c", path]}[name]
        with open(f"{self.folder}/{name}.out", "w") as out:
            server = Server([program(name), *argv], port=port, log=out)

        def accepts():
            if server.process.poll() is not None:
                with open(f"{self.folder}/{name}.out") as out:
                    raise SystemExit(f"{name} did not start: {out.read()}")
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", port)) == 0

        try:
            until(accepts, f"{name} to accept connections")
        except BaseException:
            server.stop()
            raise
        return server
