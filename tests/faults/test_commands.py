"""The command line, stopped at any of its writes: called again, it finishes what it was asked."""

from __future__ import annotations

import contextlib
import io
import uuid
from dataclasses import replace

import pytest

from cloudtrack.cli.main import app
from cloudtrack.errors import AlreadyExists
from cloudtrack.storage import opening
from cloudtrack.storage.memory import MemoryStore
from tests.api.samples import MODEL, RELEASED
from tests.faults.crashing import Copy, memory_copies
from tests.faults.operations import OPERATIONS, Operation, World, fill_world
from tests.faults.stopping import sampled, stops_of

COMMANDS = {
    "experiments create new": "experiments.create",
    "experiments rename ${experiment} uno": "experiments.rename",
    "experiments tag ${experiment} k v": "experiments.set_tag",
    "experiments delete ${experiment}": "runs.delete_experiment",
    "experiments restore ${full}": "runs.restore_experiment",
    "experiments purge --yes ${full}": "purging.experiment",
    "runs tag ${run} k v": "runs.update",
    "runs end ${run}": "runs.update",
    "runs delete ${ended}": "runs.delete",
    "runs restore ${gone}": "runs.restore",
    "runs purge --yes ${gone}": "purging.run",
    "artifacts log ${run} pyproject": "artifacts.log_file",
    "artifacts delete ${run} model": "artifacts.delete",
    "models create new": "registered_models.create",
    "models register runs:/${run}/kept registered": "client.register_model",
    "models promote ${released} 1 Production": "stages.transition",
    "models rollback ${released}": "stages.rollback",
    "models stages ${model} Staging Canary Production": "registered_models.set_stages",
    "models alias ${model} champion 2": "aliases.set",
    "models request ${model} 2 Staging": "approvals.request",
    "models comment ${model} 1 words": "comments.create",
    "models delete ${model} 1": "model_versions.delete",
    "registry anchor ${model}": "history.keep_anchor",
    "releases switch some/release one=${released}/1": "releases.switch",
    "releases rollback some/release": "releases.rollback",
    "webhooks create new http://127.0.0.1:1/": "webhooks.create",
    "webhooks delete ${webhook_id}": "webhooks.delete",
    "tokens create bob": "tokens.create",
    "tokens revoke ${token}": "tokens.revoke",
    "access grant ann experiment 0 READ": "access.grant",
    "compact": "experiment_index.compact",
    "reindex": "run_index.rebuilding",
}
"""What is typed, and the operation whose rules it has."""


def _operation(command: str, like: str) -> Operation:
    def do(world: World) -> None:
        name = uuid.uuid4().hex
        names = {**world.names, "model": MODEL, "released": RELEASED}
        words = [_filled(word, names) for word in command.split()]
        opening._memory_stores[name] = world.client.store  # type: ignore[assignment]
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                app(["--store", f"memory://{name}", *words], standalone_mode=False)
        finally:
            del opening._memory_stores[name]

    same = next(each for each in OPERATIONS if each.name == like)
    return replace(same, name=command, do=do, says=(*same.says, AlreadyExists), looks=True)


def _filled(word: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        word = word.replace(f"${{{name}}}", value)
    return word


@pytest.fixture(scope="module")
def memory() -> tuple[dict[str, str], Copy]:
    world = fill_world(MemoryStore())
    return world.names, memory_copies(world.client.store)


@pytest.mark.parametrize(("command", "like"), sampled(COMMANDS.items(), 8))
def test_a_command_that_was_stopped_is_called_again(
    command: str, like: str, memory: tuple[dict[str, str], Copy]
) -> None:
    with open("pyproject", "w") as stream:
        stream.write("words")
    stops = list(stops_of(_operation(command, like), *memory))
    assert stops
    assert not [str(stop) for stop in stops if stop.wrong]
