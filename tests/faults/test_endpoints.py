"""Every request that writes, its server stopped at any of its writes: sent again to another, it is done once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cloudtrack.api.app import App
from cloudtrack.api.endpoint import Endpoint
from cloudtrack.api.endpoints import ENDPOINTS
from cloudtrack.errors import CloudtrackError
from cloudtrack.remote.wire import OPERATION_HEADER
from cloudtrack.storage.memory import MemoryStore
from tests.api.samples import SAMPLES, key_of
from tests.api.samples import World as Samples
from tests.api.sending import ask
from tests.faults.crashing import Copy, memory_copies
from tests.faults.operations import NAME, OPERATIONS, Operation, World, fill_world
from tests.faults.stopping import sampled, stops_of
from tests.storage.lossy import Stopped

WRITING = [endpoint for endpoint in ENDPOINTS if endpoint.method != "GET" and SAMPLES[key_of(endpoint)].status == 200]
READING = {
    "POST /mlflow/experiments/search",
    "POST /mlflow/experiments/search-datasets",
    "POST /mlflow/runs/search",
    "POST /mlflow/logged-models/search",
    "POST /mlflow/registered-models/get-latest-versions",
    "POST /graphql",
    "POST /mlflow/gateway-proxy",
    "POST /mlflow/ui-telemetry",
}
"""They ask with a body."""
SAME_AS = {
    "POST /mlflow/experiments/delete": "runs.delete_experiment",
    "POST /mlflow/experiments/restore": "runs.restore_experiment",
    "POST /mlflow/registered-models/rename": "registered_models.rename",
    "POST /cloudtrack/experiments/purge": "purging.experiment",
    "POST /mlflow/webhooks": "webhooks.create",
    "POST /mlflow/runs/log-model": "runs.log_model",
}
"""What may be seen of them halfway is what may be seen of the operation."""
ABOUT = {"POST /mlflow/runs/restore": "gone", "POST /cloudtrack/runs/resume": "ended"}
"""The run of the world that has something to be changed."""


class Refused(CloudtrackError):
    """An answer that is no success, and no fault of the server."""


def _operation(endpoint: Endpoint) -> Operation:
    def do(world: World) -> None:
        names = {**world.names, "run": world.names[ABOUT.get(key_of(endpoint), "run")]}
        method, target, body = Samples(world.client, names).request(endpoint)
        answer = ask(
            App(world.client), method, target, body, {OPERATION_HEADER: NAME, "content-type": "application/json"}
        )
        if answer.status >= 500:
            raise Stopped
        if answer.status >= 400:
            raise Refused(answer.json()["message"])

    same = next((each for each in OPERATIONS if each.name == SAME_AS.get(key_of(endpoint))), None)
    return replace(same or OPERATIONS[0], name=key_of(endpoint), do=do, says=(Refused,))


@pytest.fixture(scope="module")
def memory() -> tuple[dict[str, str], Copy]:
    world = fill_world(MemoryStore())
    return world.names, memory_copies(world.client.store)


@pytest.mark.parametrize("endpoint", sampled(WRITING, 8), ids=key_of)
def test_a_request_whose_server_was_stopped_is_sent_again(
    endpoint: Endpoint, memory: tuple[dict[str, str], Copy]
) -> None:
    stops = list(stops_of(_operation(endpoint), *memory))
    assert bool(stops) != (key_of(endpoint) in READING)
    assert not [str(stop) for stop in stops if stop.wrong]
