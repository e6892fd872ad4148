"""Random scripts without the store, replayed in any order, from copies, stopped and again, come to one result."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cloudtrack.client import Client
from cloudtrack.storage.memory import MemoryStore
from tests.faults.crashing import CrashingStore
from tests.storage.lossy import Stopped
from tests.thoroughness import examples
from tests.waiting.offline import log_model, offline, spooled, sync

SHARED = "shared"
SCRIPTS = 3
_step = st.one_of(
    st.just(("log",)),
    st.tuples(st.just("register"), st.booleans()),
    st.tuples(st.just("alias"), st.integers(0, 9), st.sampled_from("ab")),
    st.tuples(st.just("tag"), st.integers(0, 9), st.sampled_from("xy")),
    st.tuples(st.just("stage"), st.integers(0, 9), st.sampled_from(["Staging", "Production", "Archived"])),
    st.tuples(st.just("name"), st.sampled_from("kl")),
    st.tuples(st.just("model tag"), st.sampled_from("mn")),
)
_replay = st.tuples(st.integers(0, SCRIPTS - 1), st.none() | st.integers(0, 40))


def _run(client: Any, script: int, steps: list[tuple[Any, ...]], files: Path) -> None:
    """Own names have this script's alone; a shared one has versions of all."""
    own, made, model_ids = f"own {script}", [], []
    client.registered_models.create(own)
    for number, step in enumerate([("log",), ("register", False), *steps]):
        match step:
            case ("log",):
                model_ids.append(f"m-{script:016x}{number:016x}")
                log_model(client, model_ids[-1], files)
            case ("register", is_shared):
                made.append(client.register_model(f"models:/{model_ids[-1]}", SHARED if is_shared else own))
            case ("alias", which, alias):
                version = made[which % len(made)]
                client.aliases.set(version.name, f"{alias}{script}", version.version)
            case ("tag", which, key):
                version = made[which % len(made)]
                client.model_versions.set_tag(version.name, version.version, key, str(number))
            case ("stage", which, stage):
                of_own = [version for version in made if version.name == own]
                client.stages.transition(own, of_own[which % len(of_own)].version, stage)
            case ("name", key):
                client.registered_models.set_tag(own, key, str(number))
            case ("model tag", key):
                client.logged_models.set_tags(model_ids[-1], {key: str(number)})


def _result(store: MemoryStore) -> dict[str, Any]:
    """What there is, but for the numbers of the shared name's versions, which who comes first decides."""
    client = Client(store)
    found: dict[str, Any] = {}
    for model in client.registered_models.search():
        versions = client.model_versions.list(model.name)
        if model.name == SHARED:
            found[SHARED] = sorted((v.source, sorted(v.tags.items()), sorted(v.aliases)) for v in versions)
            continue
        found[model.name] = [(event.summary(), event.actor) for event in client.history.events(model.name)]
        client.history.verify(model.name)
    for logged in client.logged_models.list(["0"]):
        files = sorted(file.path for file in client.logged_model_artifacts.walk(logged.model_id))
        found[logged.model_id] = (logged.status, logged.params, logged.tags, files)
    return found


@settings(max_examples=examples(120), deadline=None)
@given(
    scripts=st.lists(st.lists(_step, max_size=8), min_size=SCRIPTS, max_size=SCRIPTS),
    replays=st.lists(_replay, max_size=6),
)
def test_all_orders_copies_and_stops_come_to_one_result(
    scripts: list[list[tuple[Any, ...]]], replays: list[tuple[int, int | None]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        online, store = MemoryStore(), MemoryStore()
        Client(store)
        for script, steps in enumerate(scripts):
            _run(Client(online, user="tester"), script, steps, root / "files")
            client = offline(store, root / str(script))
            _run(client, script, steps, root / "files")
            client.close()
        for number, (script, writes) in enumerate(replays):
            copy = shutil.copytree(root / str(script), root / f"copy {number}")
            with suppress(Stopped):
                sync(store if writes is None else CrashingStore(store, writes=writes), copy)
        for script in reversed(range(SCRIPTS)):
            report = sync(store, root / str(script))
            assert (report.failed, report.refused, spooled(root / str(script))) == ({}, {}, [])
        assert _result(store) == _result(online)
