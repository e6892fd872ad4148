"""What clients were told, beside what a store has in the end: what was acknowledged is there, and nothing is twice."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

from cloudtrack.client import Client
from cloudtrack.entities.experiment import ViewType
from cloudtrack.errors import CloudtrackError, NotFound, Purged
from cloudtrack.index.indexes import ONE
from cloudtrack.maintenance.reindexing import check

Thing = tuple[str, Hashable]
"""A kind of thing, and what it is known by."""


class Ledger:
    """Things that clients made, with whether they were told so. Any thread may write."""

    def __init__(self) -> None:
        self._told: dict[Thing, bool] = {}
        self._lock = threading.Lock()

    def note(self, kind: str, key: Hashable, *, told: bool) -> None:
        """Something was asked for; ``told`` says that it was acknowledged, else it may be there or not."""
        with self._lock:
            self._told[kind, key] = told or self._told.get((kind, key), False)

    def extend(self, entries: list[tuple[Thing, bool]]) -> None:
        """Take what another process noted."""
        for (kind, key), told in entries:
            self.note(kind, key, told=told)

    @property
    def entries(self) -> list[tuple[Thing, bool]]:
        """All that was noted."""
        with self._lock:
            return list(self._told.items())

    @property
    def acknowledged(self) -> int:
        """How many things were."""
        return sum(self._told.values())

    def judge(self, client: Client) -> Judgement:
        """Compare with the store as it is now, read past all faults."""
        judgement = Judgement(things=len(self._told), acknowledged=self.acknowledged)
        try:
            seen = Counter(_things(client, {key for (kind, key), _ in self.entries if kind == "purged"}))
        except CloudtrackError as error:
            judgement.broken.append(f"{type(error).__name__}: {error}")
            return judgement
        for thing, told in self.entries:
            if told and not seen[thing]:
                judgement.lost.append(thing)
            if seen[thing] > 1:
                judgement.doubled.append(thing)
        judgement.broken += _broken(client)
        return judgement


@dataclass
class Judgement:
    """What was found."""

    things: int = 0
    acknowledged: int = 0
    lost: list[Thing] = field(default_factory=list)
    """Acknowledged, and not there."""
    doubled: list[Thing] = field(default_factory=list)
    """There more than once."""
    broken: list[str] = field(default_factory=list)
    """Histories that do not verify, indexes that are not as the documents, what cannot be read."""

    @property
    def ok(self) -> bool:
        """Whether nothing was wrong."""
        return not (self.lost or self.doubled or self.broken)


def digest_of(body: bytes) -> str:
    """What a file is known by, with its place."""
    return hashlib.sha256(body).hexdigest()


def _things(client: Client, purged: set[Hashable]) -> Iterator[Thing]:
    experiments = list(client.experiments.search(view_type=ViewType.ALL))
    ids = [item.experiment_id for item in experiments]
    for item in experiments:
        yield "experiment", item.name
        yield from (("tag", (item.experiment_id, key)) for key in item.tags)
    for run in client.runs.list(ids, view_type=ViewType.ALL):
        run_id = run.info.run_id
        yield "run", run.info.run_name
        yield from (("tag", (run_id, key)) for key in run.data.tags)
        yield from (("param", (run_id, key)) for key in run.data.params)
        yield from (("end", (run_id, run.info.status)),)
        for key in run.data.metrics:
            history = client.metrics.history(run_id, key)
            yield from (("point", (run_id, key, point.step)) for point in history)
            if len(history) != run.data.summaries[key].count:
                yield from [("point", (run_id, key, history[0].step))] * 2  # the summary counted something twice
        for file in client.artifacts.walk(run_id):
            yield "file", (run_id, file.path, digest_of(client.artifacts.read(run_id, file.path)))
        text = b"".join(piece.body for piece in client.console.read(run_id, limit_bytes=1 << 30).pieces)
        yield from (("line", line) for line in text.decode().splitlines())
    for model in client.logged_models.list(ids):
        yield "logged model", model.name
        yield from (("tag", (model.model_id, key)) for key in model.tags)
    for registered in client.registered_models.search(max_results=None):
        yield "model", registered.name
        for version in client.model_versions.list(registered.name):
            yield from (("version", (registered.name, key)) for key in version.tags)
            yield from (("version number", (registered.name, key, version.version)) for key in version.tags)
        for event in client.history.events(registered.name):
            yield "event", event.comment
            yield "comment", getattr(event.change, "text", None)
    for name in client.releases.names():
        yield from (("release", event.comment) for event in client.releases.history(name))
    yield from (("webhook", webhook.name) for webhook in client.webhooks.list())
    for run_id in purged:
        try:
            client.runs.get(str(run_id))
        except Purged:
            yield "purged", run_id


def _broken(client: Client) -> Iterator[str]:
    names = [model.name for model in client.registered_models.search(max_results=None)]
    verifying = [(client.history.verify, name) for name in names]
    verifying += [(client.releases.verify, name) for name in client.releases.names()]
    for verify, name in verifying:
        try:
            verify(name)
        except (CloudtrackError, NotFound) as error:
            yield f"{name}: {error}"
    every = [item.experiment_id for item in client.experiments.search(view_type=ViewType.ALL)]
    for indexes in client.indexes:
        found = check(indexes, every if indexes.is_many else [ONE])
        if not found.ok:
            yield f"the index of {indexes.title}: missing {found.missing[:3]}, wrong {found.different[:3]}"
