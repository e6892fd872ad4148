"""Every public operation that writes, as a table: what it does, and how it is done again after a stop.

The world is that of the API's samples and a little more. Operations of the registry are done under a name, as by every
client that repeats what was not answered; those that have no name for themselves are repeated by looking first.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloudtrack.access.access import Access
from cloudtrack.access.permission import Permission, Resource
from cloudtrack.access.tokens import Tokens
from cloudtrack.client import Client
from cloudtrack.entities.dataset import Dataset, DatasetInput
from cloudtrack.entities.experiment import LifecycleStage
from cloudtrack.entities.manifest import Manifest, PinnedFile
from cloudtrack.entities.run import LoggedModelInput, LoggedModelOutput, Metric
from cloudtrack.errors import CloudtrackError, NotFound, StateError
from cloudtrack.grants.collecting import Collector
from cloudtrack.grants.grants import Grants
from cloudtrack.grants.shares import Shares
from cloudtrack.index.indexes import ONE
from cloudtrack.maintenance.reindexing import rebuild
from cloudtrack.registry.journals import Outcome
from cloudtrack.registry.webhooks import WebhookEvent
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.offline import OfflineStore
from cloudtrack.tracking.changes import RunChanges
from cloudtrack.tracking.frames import Frame, pack_frame
from cloudtrack.waiting.client import WaitingClient
from tests.api.samples import EXPERIMENT, MODEL, PINNED_FILES, RELEASED, STREAM, fill
from tests.grants.fakes import FakeSigner, Granted, StoreSender

NAME = "f" * 32
"""Under which an operation is done, and done again."""
MANY = [Metric("many", float(step), 1, step) for step in range(2_100)]
"""More points than a document keeps."""
OTHER_FILES = Manifest(files={"MLmodel": PinnedFile(size=1, sha256="0" * 64)})
"""A manifest that the world does not have yet."""
_RELEASE = "some/release"


@dataclass(frozen=True)
class World:
    """A client of a store that has one of everything, and the names of what is there."""

    client: Client
    names: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.names[name]

    @property
    def c(self) -> Client:
        """The client, acting under a name for what it does."""
        return self.client.acting_as(self.client.user, operation=NAME)


Do = Callable[[World], object]


@dataclass(frozen=True)
class Operation:
    """One operation; ``name`` is ``service.method`` where it is one."""

    name: str
    do: Do
    says: tuple[type[CloudtrackError], ...] = ()
    """What a repetition may raise of one that was done."""
    in_parts: str = ""
    """Why what is seen after a stop may be partly as before and partly as after; by default it is all or nothing."""
    looks: bool = False
    """Whether who repeats it must look first, since it has no name for itself."""
    prepare: Do | None = None
    """What is done to the world before."""
    again: Do | None = None
    """How another process finishes it, where that is another thing than doing it again."""
    passing: tuple[str, ...] = ()
    """Words of facts that may have values of their own on the way from before to after."""


def open_client(store: ObjectStore, spool_dir: Path | str | None = None) -> Client:
    """A client of the one user who does all of it."""
    return Client(store, user="tester", spool_dir=spool_dir)


def fill_world(store: ObjectStore) -> World:
    """One of everything, and what is purged, resumed and compacted."""
    client = open_client(store)
    world = fill(client)
    experiment = client.experiments.get_by_name(EXPERIMENT)
    assert experiment is not None
    gone = client.runs.create(experiment.experiment_id, run_name="gone", start_time=2).info.run_id
    client.artifacts.log_text(gone, "words", "notes.txt")
    client.logged_models.create(experiment.experiment_id, name="goes along", source_run_id=gone)
    client.runs.delete(gone)
    ended = client.runs.create(experiment.experiment_id, run_name="ended", start_time=3).info.run_id
    client.runs.update(ended, status="FINISHED", end_time=4)
    full = client.experiments.create("full of trash")
    for number in range(2):
        run_id = client.runs.create(full, run_name=f"trash {number}", start_time=5).info.run_id
        client.artifacts.log_text(run_id, "words", "notes.txt")
    client.runs.delete_experiment(full)
    client.console.append(gone, STREAM, 0, b"words\n")
    token = Tokens(client.store).create("ann")[1].token_id
    for indexes in client.indexes:
        for name in [experiment.experiment_id, full] if indexes.is_many else [ONE]:
            indexes.compact(name)
    more = {"gone": gone, "ended": ended, "full": full, "token": token}
    return World(client, {**world.names, **more})


def _log(world: World) -> None:
    metrics = [Metric("loss", 0.25, 2, 1), *MANY]
    world.c.runs.log_batch(world["run"], metrics=metrics, params={"p": "1"}, tags={"t": "1"}, operation=NAME)


def _log_with_a_model(world: World) -> None:
    metrics = [Metric("loss", 0.25, 2, 1), Metric("acc", 0.5, 2, 1, model_id=world["model_id"])]
    world.c.runs.log_batch(world["run"], metrics=metrics, operation=NAME)


def _write(world: World) -> None:
    """A training loop, whose writer has more than a document keeps; ends where the store is away, as it always does."""
    experiment = world.c.experiments.get(world["experiment"])
    _, writer = world.c.runs.start_writer(experiment, run_name="written")
    _log_to(writer)


def _write_more(world: World) -> None:
    _log_to(world.c.runs.open_writer(world["ended"]))


def _log_to(writer: Any) -> None:
    writer.log_params({"lr": "1"})
    for step in range(2_100):
        writer.log_metric("m", float(step), step, 1)
    writer.finish("FINISHED", 9)


def _write_again(world: World) -> None:
    """What the spool has is delivered; a loop that was stopped before it logged anything begins anew."""
    if not _sync(world):
        _write(world)


def _write_more_again(world: World) -> None:
    if not _sync(world):
        _write_more(world)


def _sync(world: World) -> int:
    report = world.c.sync()
    assert not report.failed, report
    assert not report.in_use, report
    assert not report.refused, report
    return len(report.delivered)


def _deliver_journal(world: World) -> None:
    """What a process did without the store, and then a delivery."""
    spool_dir = world.client._spool_dir
    client = WaitingClient(open_client(OfflineStore(world.client.store)), spool_dir)
    client.logged_models.create(world["experiment"], name="waits", model_id=f"m-{'9' * 32}")
    with _files() as folder:
        client.logged_model_artifacts.log_file(f"m-{'9' * 32}", folder / "a.txt")
    client.logged_models.finalize(f"m-{'9' * 32}", "READY")
    client.registered_models.create("waits", tags={"a": "b"})
    version = client.create_version("waits", f"models:/m-{'9' * 32}").version
    client.aliases.set("waits", "champion", version)
    client.stages.transition("waits", version, "Production")
    client.close()
    _sync(world)


@contextmanager
def _files() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("a.txt", "b.txt", "deep/c.txt"):
            path = Path(folder) / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(name)
        yield Path(folder)


def _log_folder(world: World) -> None:
    with _files() as folder:
        world.c.artifacts.log_folder(world["run"], folder, "more")


def _log_file(world: World) -> None:
    with _files() as folder:
        world.c.artifacts.log_file(world["run"], folder / "a.txt")


def _keep(world: World) -> None:
    world.c.kept_files.keep(PINNED_FILES, lambda _: world.c.artifacts.open(world["run"], "kept/MLmodel"))


def _can_load(world: World) -> None:
    world.client.artifacts.log_text(world["run"], PINNED_FILES.texts["MLmodel"], "kept/MLmodel")
    world.client.artifacts.log_text(world["run"], "words", "kept/data/words.txt")


def _in_trash(world: World) -> None:
    world.client.runs.delete(world["run"])


def _many_changes(world: World) -> None:
    for number in range(3):
        run_id = world.client.runs.create(world["experiment"], run_name=f"r{number}", start_time=6).info.run_id
        world.client.runs.update(run_id, status="FINISHED", end_time=7)


def _changed_models(world: World) -> None:
    for name in (MODEL, RELEASED):
        world.client.registered_models.set_tag(name, "k", "v")


def _granted(world: World) -> None:
    """A grant, and two deliveries that its holder sent."""
    client = world.client
    grant, _ = Grants(client, FakeSigner()).make(client.experiments.get(world["experiment"]), 600, run_name="granted")
    held = Granted(client, grant, StoreSender(client.store), Path())
    for number, changes in enumerate([RunChanges(params={"a": "1"}), RunChanges(status="FINISHED", end_time=9)]):
        frame = pack_frame(Frame(seq=number + 1, changes=changes))
        held.put(number, held.delivery(frame, ((f"{number}.txt", b"words"),), number + 1))


def _revoke_all(world: World) -> None:
    grants = Grants(world.client, FakeSigner())
    for grant in grants.list():
        grants.revoke(grant.grant_id)


_EVENTS = [WebhookEvent.of("MODEL_VERSION", "CREATED")]
_RUN_BY_RUN = "the runs of an experiment are moved one after the other"
_FILE_BY_FILE = "files are moved one after the other"
_COMMITS = "several commits, one after the other"
_DELETED = (NotFound,)
_WRITTEN = ("status", "has ended", "metric")

OPERATIONS: tuple[Operation, ...] = (
    Operation("experiments.create", lambda w: w.c.experiments.create("new", tags={"a": "b"}, operation=NAME)),
    Operation("experiments.get_or_create", lambda w: w.c.experiments.get_or_create("new")),
    Operation("experiments.rename", lambda w: w.c.experiments.rename(w["experiment"], "uno")),
    Operation("experiments.set_tag", lambda w: w.c.experiments.set_tag(w["experiment"], "k", "v")),
    Operation("experiments.delete_tag", lambda w: w.c.experiments.delete_tag(w["experiment"], "tag"), _DELETED),
    Operation(
        "experiments.set_lifecycle_stage",
        lambda w: w.c.experiments.set_lifecycle_stage(w["experiment"], LifecycleStage.DELETED),
        (StateError,),
    ),
    Operation("runs.create", lambda w: w.c.runs.create(w["experiment"], run_name="new", operation=NAME)),
    Operation("runs.update", lambda w: w.c.runs.update(w["run"], status="FINISHED", run_name="better")),
    Operation("runs.log_batch", _log),
    Operation("runs.log_batch of a model", _log_with_a_model, in_parts="the run comes before the logged model"),
    Operation(
        "runs.log_inputs",
        lambda w: w.c.runs.log_inputs(
            w["run"], [DatasetInput(Dataset("wine", "2", "local", "{}"))], [LoggedModelInput(w["model_id"])]
        ),
    ),
    Operation("runs.log_outputs", lambda w: w.c.runs.log_outputs(w["run"], [LoggedModelOutput(w["model_id"], 3)])),
    Operation("runs.log_model", lambda w: w.c.runs.log_model(w["run"], {"artifact_path": "m", "flavors": {}})),
    Operation("runs.delete_tag", lambda w: w.c.runs.delete_tag(w["run"], "tag"), _DELETED),
    Operation("runs.delete", lambda w: w.c.runs.delete(w["ended"])),
    Operation("runs.restore", lambda w: w.c.runs.restore(w["gone"])),
    Operation("runs.resume", lambda w: w.c.runs.resume(w["ended"])),
    Operation(
        "runs.delete_experiment",
        lambda w: w.c.runs.delete_experiment(w["experiment"]),
        (StateError,),
        in_parts=_RUN_BY_RUN,
    ),
    Operation(
        "runs.restore_experiment", lambda w: w.c.runs.restore_experiment(w["full"]), (StateError,), in_parts=_RUN_BY_RUN
    ),
    Operation(
        "runs.start_writer", _write, in_parts="a writer delivers as it goes", again=_write_again, passing=_WRITTEN
    ),
    Operation(
        "runs.open_writer",
        _write_more,
        in_parts="a writer delivers as it goes",
        again=_write_more_again,
        passing=_WRITTEN,
    ),
    Operation("artifacts.upload", lambda w: w.c.artifacts.upload(w["run"], io.BytesIO(b"new"), "file.txt")),
    Operation("artifacts.log_file", _log_file),
    Operation("artifacts.log_text", lambda w: w.c.artifacts.log_text(w["run"], "new", "new.txt")),
    Operation("artifacts.log_dict", lambda w: w.c.artifacts.log_dict(w["run"], {"a": 1}, "new.json")),
    Operation(
        "artifacts.log_saved", lambda w: w.c.artifacts.log_saved(w["run"], lambda path: path.write_text("s"), "s.txt")
    ),
    Operation("artifacts.log_folder", _log_folder, in_parts=_FILE_BY_FILE),
    Operation("artifacts.delete", lambda w: w.c.artifacts.delete(w["run"]), in_parts=_FILE_BY_FILE),
    Operation("console.append", lambda w: w.c.console.append(w["run"], STREAM, 7, b"goes on\n")),
    Operation("source_files.create", lambda w: w.c.source_files.create(w["run"], "packages.txt", b"numpy==2\n")),
    Operation("logged_models.create", lambda w: w.c.logged_models.create(w["experiment"], name="new", operation=NAME)),
    Operation("logged_models.finalize", lambda w: w.c.logged_models.finalize(w["model_id"], "READY")),
    Operation("logged_models.log_params", lambda w: w.c.logged_models.log_params(w["model_id"], {"a": "1"})),
    Operation(
        "logged_models.log_metrics", lambda w: w.c.logged_models.log_metrics(w["model_id"], [Metric("m", 1.0, 1)])
    ),
    Operation("logged_models.set_tags", lambda w: w.c.logged_models.set_tags(w["model_id"], {"a": "1"})),
    Operation("logged_models.delete_tag", lambda w: w.c.logged_models.delete_tag(w["model_id"], "tag"), _DELETED),
    Operation("logged_models.note_version", lambda w: w.c.logged_models.note_version(w["model_id"], MODEL, 1)),
    Operation("logged_models.delete", lambda w: w.c.logged_models.delete(w["model_id"])),
    Operation("registered_models.create", lambda w: w.c.registered_models.create("new", tags={"a": "b"})),
    Operation("registered_models.get_or_create", lambda w: w.c.registered_models.get_or_create("new")),
    Operation("registered_models.update", lambda w: w.c.registered_models.update(MODEL, description="words")),
    Operation("registered_models.set_tag", lambda w: w.c.registered_models.set_tag(MODEL, "k", "v")),
    Operation("registered_models.delete_tag", lambda w: w.c.registered_models.delete_tag(MODEL, "tag")),
    Operation(
        "registered_models.set_stages",
        lambda w: w.c.registered_models.set_stages(MODEL, ["Staging", "Canary", "Production"], exclusive=["Canary"]),
    ),
    Operation(
        "registered_models.rename",
        lambda w: w.c.registered_models.rename(MODEL, "uno"),
        in_parts=_COMMITS,
        passing=("last event",),
    ),
    Operation("registered_models.delete", lambda w: w.c.registered_models.delete(MODEL, comment="why")),
    Operation(
        "model_versions.create",
        lambda w: w.c.model_versions.create(MODEL, f"runs:/{w['run']}/model", run_id=w["run"], manifest=OTHER_FILES),
    ),
    Operation(
        "model_versions.create of a logged model",
        lambda w: w.c.model_versions.create(MODEL, f"models:/{w['model_id']}", model_id=w["model_id"]),
        in_parts="the version comes before the logged model's note of it",
    ),
    Operation("model_versions.update", lambda w: w.c.model_versions.update(MODEL, 1, description="words")),
    Operation("model_versions.set_tag", lambda w: w.c.model_versions.set_tag(MODEL, 1, "k", "v")),
    Operation("model_versions.delete_tag", lambda w: w.c.model_versions.delete_tag(MODEL, 1, "tag")),
    Operation("model_versions.pin", lambda w: w.c.model_versions.pin(MODEL, 1, PINNED_FILES)),
    Operation("model_versions.delete", lambda w: w.c.model_versions.delete(MODEL, 1)),
    Operation("stages.transition", lambda w: w.c.stages.transition(RELEASED, 1, "Production", comment="why")),
    Operation(
        "stages.transition that archives",
        lambda w: w.c.stages.transition(RELEASED, 1, "Production", archive_existing_versions=True, expect=2),
    ),
    Operation("stages.rollback", lambda w: w.c.stages.rollback(RELEASED, "Production")),
    Operation("aliases.set", lambda w: w.c.aliases.set(MODEL, "champion", 2)),
    Operation("aliases.delete", lambda w: w.c.aliases.delete(MODEL, "champion")),
    Operation("approvals.request", lambda w: w.c.approvals.request(MODEL, 2, "Staging", comment="why")),
    Operation("approvals.approve", lambda w: w.c.approvals.approve(MODEL, 1)),
    Operation("approvals.reject", lambda w: w.c.approvals.reject(MODEL, 1)),
    Operation("approvals.withdraw", lambda w: w.c.approvals.withdraw(MODEL, 1)),
    Operation("comments.create", lambda w: w.c.comments.create(MODEL, 1, "more words")),
    Operation("comments.update", lambda w: w.c.comments.update(MODEL, 1, "other words")),
    Operation("comments.delete", lambda w: w.c.comments.delete(MODEL, 1)),
    Operation("policy.set", lambda w: w.c.policy.set("rules: []\n# other\n")),
    Operation("releases.switch", lambda w: w.c.releases.switch(_RELEASE, {"one": f"{MODEL}/1", "two": f"{MODEL}/2"})),
    Operation("releases.rollback", lambda w: w.c.releases.rollback(_RELEASE)),
    Operation("releases.delete", lambda w: w.c.releases.delete(_RELEASE)),
    Operation("webhooks.create", lambda w: w.c.webhooks.create("new", "http://127.0.0.1:1/", _EVENTS), looks=True),
    Operation("webhooks.update", lambda w: w.c.webhooks.update(w["webhook_id"], name="other", secret="new")),
    Operation("webhooks.delete", lambda w: w.c.webhooks.delete(w["webhook_id"]), _DELETED),
    Operation("history.keep_anchor", lambda w: w.c.history.keep_anchor(MODEL)),
    Operation("kept_files.keep", _keep, prepare=_can_load),
    Operation(
        "client.register_model",
        lambda w: w.c.register_model(f"runs:/{w['run']}/kept", "registered", copy=True),
        prepare=_can_load,
        in_parts="the name comes before its first version",
        passing=("last event", "is"),
    ),
    Operation(
        "client.create_version", lambda w: w.c.create_version(MODEL, f"runs:/{w['run']}/kept"), prepare=_can_load
    ),
    Operation("journals.note", lambda w: w.c.journals.note("f" * 16, {1: Outcome(version=1)})),
    Operation(
        "client.sync of a journal",
        _deliver_journal,
        in_parts="calls are done one after the other",
        again=_sync,
        passing=("last event", "is", "version", "files of version", "event"),
    ),
    Operation(
        "client.pin_version",
        lambda w: w.c.pin_version("pinned", 1, copy=True),
        prepare=lambda w: (
            _can_load(w),
            w.client.registered_models.create("pinned"),
            w.client.model_versions.create("pinned", f"runs:/{w['run']}/kept", run_id=w["run"]),
        ),
    ),
    Operation("purging.run", lambda w: w.c.purging.run(w["gone"]), in_parts="files go one after the other"),
    Operation(
        "purging.experiment", lambda w: w.c.purging.experiment(w["full"]), in_parts="runs go one after the other"
    ),
    Operation(
        "purging.run that is refused",
        lambda w: _refused(lambda: w.c.purging.run(w["run"])),
        prepare=_in_trash,
        in_parts="the mark of a purge is put and taken off",
    ),
    Operation(
        "purging.run that is needed",
        lambda w: w.c.purging.run(w["ended"]),
        prepare=lambda w: w.client.runs.delete(w["ended"]),
        in_parts="files go one after the other",
    ),
    Operation("run_index.compact", lambda w: w.c.run_index.compact(w["experiment"]), prepare=_many_changes),
    Operation(
        "logged_model_index.compact",
        lambda w: w.c.logged_model_index.compact(w["experiment"]),
        prepare=lambda w: w.client.logged_models.finalize(w["model_id"], "READY"),
    ),
    Operation(
        "experiment_index.compact",
        lambda w: w.c.experiment_index.compact(ONE),
        prepare=lambda w: w.client.experiments.set_tag(w["experiment"], "k", "v"),
    ),
    Operation("model_index.compact", lambda w: w.c.model_index.compact(ONE), prepare=_changed_models),
    Operation(
        "run_index.rebuilding",
        lambda w: rebuild(w.client.store, w.c.run_index, [w["experiment"], w["full"]]),
        prepare=_many_changes,
    ),
    Operation("model_index.rebuilding", lambda w: rebuild(w.client.store, w.c.model_index, [ONE])),
    Operation(
        "access.grant",
        lambda w: Access(w.client.store).grant("ann", Resource.EXPERIMENT, "0", Permission.READ),
    ),
    Operation(
        "grants.collect",
        lambda w: Collector(w.client).collect_all(),
        prepare=_granted,
        in_parts="deliveries come one after the other, and files before what was logged with them",
        passing=_WRITTEN,
    ),
    Operation("grants.revoke", _revoke_all, prepare=_granted),
    Operation("shares.publish", lambda w: Shares(w.client, FakeSigner()).publish(w["run"], 60), looks=True),
    Operation("tokens.create", lambda w: Tokens(w.client.store).create("bob"), looks=True),
    Operation("tokens.revoke", lambda w: Tokens(w.client.store).revoke(w["token"])),
)


def _refused(do: Callable[[], object]) -> None:
    try:
        do()
    except StateError:
        return
    raise AssertionError("it was not refused")


READS = {
    "costs": "read",
    "fsck": "check",
    "garbage": "look",
    "activity": "of_model of_store",
    "aliases": "get",
    "approvals": "get list",
    "artifacts": "download key list open read stat walk",
    "boards": "get",
    "comments": "list",
    "console": "read streams",
    "diffs": "diff",
    "experiment_tables": "page",
    "experiments": "get get_by_name search",
    "feed": "after ends event now read since token",
    "history": "anchors at blame events verify",
    "inbox": "counts open",
    "journals": "get",
    "kept_files": "open",
    "lineage": "datasets from_dataset from_model from_run of of_version runs_of_dataset",
    "logged_models": "get list search",
    "metrics": "columns columns_of_runs history series",
    "model_versions": "get get_by_alias get_latest_versions latest list manifest of_model of_run resolve search",
    "policy": "check get replay",
    "registered_models": "get search",
    "releases": "at get history names verify",
    "run_tables": "look read",
    "runs": "delivery experiment_of get list readers search",
    "source_files": "read",
    "stages": "holders",
    "timelines": "get",
    "webhooks": "get list secret",
    "client": "acting_as download_model find_version folder_of locate_model manifest_of models_of_run read_model_file "
    "resolve_version verify_version",
    **dict.fromkeys(
        ("experiment_index", "run_index", "logged_model_index", "model_index"),
        "active all by_run children collection document_ids hits join look models name_in of_run page prefix read "
        "readers run_ids search source versions",
    ),
}
"""Methods that write nothing."""

ELSEWHERE = {
    "logged_model_artifacts": "the class of artifacts",
    "feed": "keeps places alone, which are named by what they hold (tests/registry/test_feed_machine.py)",
    "experiments.create_default": "by client.make_ready",
    "client.make_ready": "test_a_store_that_was_half_made_is_finished",
    "client.sync": "by runs.start_writer",
    "client.close": "as runs.close",
    "runs.close": "ends writers: by runs.start_writer",
    "runs.flush": "delivers as runs.start_writer does",
    "experiment_index.rebuilding": "as run_index.rebuilding",
    "logged_model_index.rebuilding": "as run_index.rebuilding",
    "garbage.collect": "stopped before any write, and while others write (tests/maintenance/test_gc.py)",
    "fsck.repair": "makes derived things alone (tests/maintenance/test_fsck.py)",
    "store": "tests/storage",
}
"""Where writing methods are tried that have no line of their own."""
