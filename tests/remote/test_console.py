"""Console logs through a server that loses answers: every byte arrives once."""

from __future__ import annotations

import pytest

from cloudtrack.remote.client import RemoteClient
from cloudtrack.tracking.console_writer import ConsoleWriter
from tests.servers.api_server import ApiServer


@pytest.mark.parametrize("fault", ["lost", "reset", 503])
def test_a_log_arrives_once_whatever_happens_to_answers(
    server: ApiServer, client: RemoteClient, fault: str | int
) -> None:
    run_id = client.runs.create("0").info.run_id
    asked = 0

    def sometimes(_method: str, path: str) -> str | int | None:
        nonlocal asked
        asked += path.endswith("logs/append")
        return fault if path.endswith("logs/append") and asked % 3 else None

    server.fault = sometimes
    writer = ConsoleWriter(client.console, run_id, "p")
    printed = b"".join(b"line %d\n" % number for number in range(100_000))
    for first in range(0, len(printed), 100_000):
        writer.write(printed[first : first + 100_000])
    writer.close()
    server.fault = lambda _method, _path: None
    page = client.console.read(run_id)
    found, offsets = b"", []
    while page.pieces:
        offsets += [piece.offset for piece in page.pieces]
        found += b"".join(piece.body for piece in page.pieces)
        page = client.console.read(run_id, page.cursor)
    assert found == printed
    assert len({*offsets}) == len(offsets) >= 4
    assert asked > len(offsets)


def test_a_segment_is_one_request_and_an_idle_tail_is_one(server: ApiServer, client: RemoteClient) -> None:
    run_id = client.runs.create("0").info.run_id
    server.requests.clear()
    writer = ConsoleWriter(client.console, run_id, "p")
    writer.write(b"one\n")
    writer.close()
    assert [path for _, path in server.requests] == ["/api/2.0/cloudtrack/runs/logs/append"]
    cursor = client.console.read(run_id).cursor
    server.requests.clear()
    assert client.console.read(run_id, cursor).pieces == []
    assert len(server.requests) == 1
