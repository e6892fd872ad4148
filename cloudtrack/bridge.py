"""A server for one program of this machine that speaks MLflow's REST API alone: on a free port, for one token.

``python -m cloudtrack.bridge STORE`` prints the port once it answers, and serves until its standard input ends, which
happens at the latest when the process that started it is gone. The token comes in ``CLOUDTRACK_BRIDGE_TOKEN``.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import sys

from cloudtrack import config
from cloudtrack.access.principal import Principal
from cloudtrack.api.app import App
from cloudtrack.api.gate import Gate, local_hosts
from cloudtrack.api.settings import Settings
from cloudtrack.client import Client
from cloudtrack.errors import Unauthenticated
from cloudtrack.http.listening import reading_options
from cloudtrack.server import Server


class Bridge(Server):
    """Answers whoever knows the token, and nobody else."""

    def __init__(self, app: App, gate: Gate, token: str) -> None:
        super().__init__(app, gate)
        self._expected = f"Bearer {token}".encode()

    async def _principal(self, authorization: str | None) -> Principal | None:
        if not secrets.compare_digest((authorization or "").encode(), self._expected):
            raise Unauthenticated("this server is for one program, and the request does not have its token")
        return None


async def serve(store: str, token: str) -> None:
    """Serve until standard input ends."""
    import uvicorn

    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        app = App(Client(store), access=None, settings=Settings())
        bridge = Bridge(app, Gate(local_hosts(port)), token)
        server = uvicorn.Server(
            uvicorn.Config(bridge, log_level="warning", access_log=False, server_header=False, **reading_options())
        )
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started and not serving.done():
            await asyncio.sleep(0.01)
        print(port, flush=True)
        await asyncio.to_thread(sys.stdin.buffer.read)
        server.should_exit = True
        await serving


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], os.environ.pop(config.BRIDGE_TOKEN)))
