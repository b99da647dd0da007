# SPDX-License-Identifier: MIT
"""A plain HTTP client for what surrounds a measurement: does the server send what
it should, and connections that rest.
"""
import socket


def receive_answer(reader):
    """Status and length; the content follows."""
    status = reader.readline().split()
    length = -1
    while (line := reader.readline().strip()):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return int(status[1]) if len(status) > 1 else 0, length


def request_for(path):
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def same_content(reader, path):
    with open(path, "rb") as f:
        while (expected := f.read(1 << 20)):
            if reader.read(len(expected)) != expected:
                return False
    return True


def verify(root, server, files, size):
    """Asks once for every file: 200, its length, its content. That also warms the
    server's cache."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as s, \
            s.makefile("rb") as reader:
        for path in files:
            s.sendall(request_for(path))
            status, length = receive_answer(reader)
            if status != 200 or length != size:
                raise SystemExit(f"{server.name}: GET {path}: status {status}, length "
                                 f"{length}, not 200 and {size}")
            if not same_content(reader, root + path):
                raise SystemExit(f"{server.name}: GET {path}: not the file's content")


def ask_once(server, s, path):
    s.sendall(request_for(path))
    with s.makefile("rb") as reader:
        status, length = receive_answer(reader)
        if status != 200 or len(reader.read(length)) != length:
            raise SystemExit(f"{server.name}: no answer on a connection to rest")


def idle_connections(server, n, path=None):
    """With a path, each has had one answer, and now rests."""
    sockets = []
    for _ in range(n):
        sockets.append(socket.create_connection(("127.0.0.1", server.port), timeout=30))
        if path:
            ask_once(server, sockets[-1], path)
    return sockets


def is_open(s):
    s.setblocking(False)
    try:
        return s.recv(1) != b""
    except BlockingIOError:
        return True


def end_idle(bench, server, sockets):
    """Closes them, and warns when the server did before."""
    if not all(map(is_open, sockets)):
        bench.warn(f"{server.name} closed connections that rested")
    for s in sockets:
        s.close()
