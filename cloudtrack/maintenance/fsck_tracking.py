"""Experiments, their names, runs and logged models: whether what they say is there."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Sequence
from typing import TypeVar

from cloudtrack.errors import CorruptData, ObjectNotFound
from cloudtrack.maintenance.fsck_finding import Finding
from cloudtrack.maintenance.fsck_points import check_points, check_segments
from cloudtrack.storage.document import Document
from cloudtrack.storage.object_store import ObjectInfo, ObjectStore
from cloudtrack.tracking import keys
from cloudtrack.tracking.console_stream import parse_stream
from cloudtrack.tracking.documents import ExperimentDocument, LoggedModelDocument, NameClaim, Purge, RunDocument
from cloudtrack.tracking.purges import is_purged

D = TypeVar("D", bound=Document)


class TrackingCheck:
    """Checks the tracking of one store."""

    def __init__(self, store: ObjectStore, *, deep: bool) -> None:
        self._store = store
        self._deep = deep
        self._experiments: set[str] = set()
        """Known to be there."""

    def experiment(self, experiment_id: str, infos: Sequence[ObjectInfo]) -> Iterator[Finding]:
        """The document of an experiment, and whether its name is bound to it. Two requests."""
        key = keys.experiment(experiment_id)
        if key not in {info.key for info in infos}:
            yield Finding("experiment-missing", key, "the experiment has an index, and no document")
            return
        self._experiments.add(experiment_id)
        document = yield from parsed(self._store, ExperimentDocument, key)
        if document is None:
            return
        yield from _misplaced(key, document.experiment_id, experiment_id)
        if is_purged(document):
            others = [info.key for info in infos if info.key != key]
            yield from _unfinished(key, document.purge, others)
            return
        claim_key = keys.name_claim(document.name)
        try:
            claim = NameClaim.from_bytes(claim_key, self._store.get(claim_key).body)
        except ObjectNotFound:
            yield Finding("name-unbound", key, f"its name {document.name!r} has no claim {claim_key!r}")
        except CorruptData:
            return  # found with the claim itself
        else:
            if claim.experiment_id != document.experiment_id:
                problem = f"its name {document.name!r} is bound to experiment {claim.experiment_id} by {claim_key!r}"
                yield Finding("name-unbound", key, problem)

    def claim(self, key: str) -> Iterator[Finding]:
        """A claim of a name, and the experiment that it names. Two requests."""
        claim = yield from parsed(self._store, NameClaim, key)
        if claim is None:
            return
        yield from _misplaced(key, keys.name_claim(claim.name), key)
        if not self._has_experiment(claim.experiment_id):
            problem = f"experiment {claim.experiment_id}, which it binds {claim.name!r} to, was never finished"
            yield Finding("claim-unfinished", key, problem)

    def run(self, run_id: str, infos: Sequence[ObjectInfo]) -> Iterator[Finding]:
        """A run, its points, files and console logs. A request, and one for each segment."""
        key, prefix = keys.run(run_id), f"{keys.RUNS}{run_id}/"
        if key not in {info.key for info in infos}:
            yield Finding("ownerless", prefix, f"{len(infos)} object(s) of a run that has no document")
            return
        document = yield from parsed(self._store, RunDocument, key)
        if document is None:
            return
        yield from _misplaced(key, document.run_id, run_id)
        if is_purged(document):
            yield from _unfinished(key, document.purge, [info.key for info in infos if info.key != key])
            return
        if not self._has_experiment(document.experiment_id):
            missing = keys.experiment(document.experiment_id)
            yield Finding("experiment-missing", missing, f"run {run_id} is in an experiment that has no document")
        segments = {info.key: info.size_bytes for info in infos if info.key.startswith(f"{prefix}metrics/")}
        damaged = list(check_segments(self._store, document, segments))
        yield from damaged
        if not any(each.severity == "damage" for each in damaged):
            yield from check_points(self._store, document, deep=self._deep)
        yield from _check_logs(prefix, [info for info in infos if info.key.startswith(f"{prefix}logs/")])
        known = {key, keys.source_patch(run_id), keys.packages(run_id)}
        places = tuple(f"{prefix}{place}/" for place in ("metrics", "logs", "artifacts"))
        yield from unknown(info.key for info in infos if info.key not in known and not info.key.startswith(places))

    def logged_model(self, model_id: str, infos: Sequence[ObjectInfo]) -> Iterator[Finding]:
        """A logged model. One request."""
        key, prefix = keys.logged_model(model_id), f"{keys.LOGGED_MODELS}{model_id}/"
        if key not in {info.key for info in infos}:
            yield Finding("ownerless", prefix, f"{len(infos)} object(s) of a logged model that has no document")
            return
        document = yield from parsed(self._store, LoggedModelDocument, key)
        if document is None:
            return
        yield from _misplaced(key, document.model_id, model_id)
        others = [info.key for info in infos if info.key != key]
        if is_purged(document):
            yield from _unfinished(key, document.purge, others)
            return
        if not self._has_experiment(document.experiment_id):
            missing = keys.experiment(document.experiment_id)
            yield Finding("experiment-missing", missing, f"logged model {model_id} is in one that has no document")
        yield from unknown(other for other in others if not other.startswith(f"{prefix}artifacts/"))

    def _has_experiment(self, experiment_id: str) -> bool:
        if experiment_id not in self._experiments and exists(self._store, keys.experiment(experiment_id)):
            self._experiments.add(experiment_id)
        return experiment_id in self._experiments


def exists(store: ObjectStore, key: str) -> bool:
    """Whether there is such an object; one request."""
    try:
        store.stat(key)
    except ObjectNotFound:
        return False
    return True


def parsed(store: ObjectStore, kind: type[D], key: str) -> Generator[Finding, None, D | None]:
    """Read a document; the generator's value is None where it is gone or damaged."""
    try:
        return kind.from_bytes(key, store.get(key).body)
    except ObjectNotFound:
        return None
    except CorruptData as error:
        yield Finding("document-damaged", key, error.message)
        return None


def unknown(keys_found: Collection[str] | Iterator[str]) -> Iterator[Finding]:
    """Objects under keys that the format does not have."""
    for key in keys_found:
        yield Finding("unknown", key, "the format has no such key")


def _misplaced(key: str, says: str, should: str) -> Iterator[Finding]:
    if says != should:
        yield Finding("document-misplaced", key, f"it says that it is {says!r}")


def _unfinished(key: str, purge: Purge | None, others: Collection[str]) -> Iterator[Finding]:
    if others or purge is None or not purge.is_done:
        yield Finding("purge-unfinished", key, f"it was purged, and {len(others)} object(s) of it are left")


def _check_logs(prefix: str, infos: Sequence[ObjectInfo]) -> Iterator[Finding]:
    ends: dict[str, int] = {}
    for info in infos:
        stream, _, name = info.key.removeprefix(f"{prefix}logs/").partition("/")
        offset, dot, ending = name.partition(".")
        if parse_stream(stream) is None or not (
            len(offset) == 12 and offset.isdecimal() and (dot, ending) == (".", "log")
        ):
            yield from unknown([info.key])
            continue
        expected = ends.get(stream, 0)
        if int(offset) != expected:
            yield Finding(
                "log-gap", info.key, f"it begins at byte {int(offset)}, and what is before ends at {expected}"
            )
        ends[stream] = int(offset) + info.size_bytes
