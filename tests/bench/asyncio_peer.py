# SPDX-License-Identifier: MIT
"""The uppercase services as asyncio has it: protocols, not streams, which are
slower.

usage: asyncio_peer.py tcp|udp PORT
"""
import asyncio
import sys


class Tcp(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data.upper())


class Udp(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, peer):
        self.transport.sendto(data.upper(), peer)


async def serve(kind, port):
    loop = asyncio.get_running_loop()
    if kind == "tcp":
        await loop.create_server(Tcp, "127.0.0.1", port, backlog=4096)
    else:
        await loop.create_datagram_endpoint(Udp, ("127.0.0.1", port))
    await asyncio.Event().wait()


asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
