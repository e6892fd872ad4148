"""The client of a training process: what it asks of the registry and of logged models waits while the store is away.

Where the store answers, a call is done at once. Where it does not, the call goes to a journal on the local disk, under
the name that the attempt had: if that was done and its answer was lost, it is not done again. From then on calls wait
behind those that wait already; they are delivered by the next call or read, when a run ends, when the process ends, and
by ``cloudtrack sync``.
"""

from __future__ import annotations

import logging
import math
import os
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from cloudtrack import clock, ids
from cloudtrack.entities.logged_model import LoggedModel
from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.errors import CloudtrackError, Unavailable
from cloudtrack.storage.streaming import Progress
from cloudtrack.tracking.artifacts import LOGGED_MODEL, Artifacts
from cloudtrack.tracking.model_points import ModelPoint, last_of_each
from cloudtrack.tracking.run_writer import close_at_exit_of_child
from cloudtrack.waiting.call import CREATE_MODEL, LOG_METRICS, UPLOAD, Call
from cloudtrack.waiting.checking import CALLS, arguments_of
from cloudtrack.waiting.doing import do
from cloudtrack.waiting.expected import expected
from cloudtrack.waiting.journal import Journal, JournalHeader
from cloudtrack.waiting.replay import Replay, Replayed

_SHORTEST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0
_SHARE_OF_TIME = 0.02
"""Metrics of models that wait go to the disk so often: with time there are fewer records, of the last points."""
_PAUSE_AWAY_S = 30.0
"""For so long after the store did not answer calls wait without asking it."""

_log = logging.getLogger(__name__)
_clients: weakref.WeakSet[WaitingClient] = weakref.WeakSet()


class WaitingClient:
    """A client, of a store or of a server, with the same services. Any thread may use it."""

    def __init__(self, client: Any, spool_dir: Path, *, keeps: bool = True) -> None:
        """Without ``keeps`` calls raise while the store is away: nobody could deliver them."""
        self._client = client
        self._keeps = keeps
        self._spool_dir = spool_dir
        self.registered_models = _Service(self, "registered_models")
        self.model_versions = _Service(self, "model_versions")
        self.stages = _Service(self, "stages")
        self.aliases = _Service(self, "aliases")
        self.logged_models = _Service(self, "logged_models")
        self.logged_model_artifacts = _ModelFiles(self, client.logged_model_artifacts)
        self._models: dict[str, LoggedModel] = {}
        self._made: set[str] = set()  # logged models whose creation waits, in this process or in its parent
        self._is_child = False
        self._reset()
        _clients.add(self)

    def _reset(self) -> None:
        self._journal: Journal | None = None
        self._found = Replayed()
        self._silent_until = -math.inf
        self._points: dict[str, list[ModelPoint]] = {}  # taken, by run, and not in the journal yet
        self._points_since: float | None = None
        self._lock = threading.Lock()  # guards these; never held during a request
        self._keeping = threading.Lock()  # one call is added at a time, and none to a journal that is closed
        self._delivering = threading.Lock()  # one delivery at a time

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._client, name)

    def register_model(self, model_uri: str, name: str, **named: Any) -> ModelVersion:
        """As the client's; with the status PENDING_REGISTRATION where it waits."""
        if named.get("copy"):
            return self._client.register_model(model_uri, name, **named)  # type: ignore[no-any-return]
        named.pop("copy", None)
        return self.call("client.register_model", model_uri, name, **named)  # type: ignore[no-any-return]

    def create_version(self, name: str, source: str, **named: Any) -> ModelVersion:
        """As the client's; with the status PENDING_REGISTRATION where it waits."""
        return self.call("client.create_version", name, source, **named)  # type: ignore[no-any-return]

    def call(self, name: str, /, *arguments: Any, **named: Any) -> Any:
        """Do one of the calls that may wait, or keep it. Raises InvalidInput; Unavailable where it cannot be kept."""
        said = arguments_of(name, *arguments, **named)
        if name == CREATE_MODEL:
            said["model_id"] = said["model_id"] or ids.new_logged_model_id()
        call = self._new(name, said)
        result = self._do(call, None)
        if isinstance(result, LoggedModel):
            self._models[result.model_id] = result
        return result

    def upload(self, model_id: str, source: Path | BinaryIO, path: str) -> None:
        """Upload a file of a logged model, or keep it. Raises Unavailable where it cannot be kept."""
        self._do(self._new(UPLOAD, {"owner_id": model_id, "path": path}), source)

    def keep_points(self, run_id: str, points: list[ModelPoint]) -> list[ModelPoint]:
        """Keep the metrics of logged models whose creation waits, behind that; those of all others."""
        waiting = [point for point in points if point.model_id in self._made]
        if not waiting:
            return points
        with self._lock:
            is_first = not any(self._points.values())
            self._points[run_id] = last_of_each([*self._points.get(run_id, []), *waiting])
            if is_first:
                now = clock.monotonic()
                self._points_since = self._points_since or now
                pause_s = min(_LONGEST_PAUSE_S, max(_SHORTEST_PAUSE_S, (now - self._points_since) * _SHARE_OF_TIME))
                timer = threading.Timer(pause_s, self._keep_taken)
                timer.daemon = True
                timer.start()
        return [point for point in points if point.model_id not in self._made]

    def _keep_taken(self) -> None:
        """Move the points that were taken to the journal."""
        with self._lock:
            taken, self._points = self._points, {}
        for run_id, points in taken.items():
            call = self._new(LOG_METRICS, {"run_id": run_id})
            call.points = points
            try:
                self._keep(call, None, "the store is away")
            except Unavailable as error:
                _log.warning("metrics of logged models are kept on run %s alone: %s", run_id, error)

    def expected_model(self, model_id: str) -> LoggedModel | None:
        """A logged model whose creation waits, as it will be."""
        return self._models.get(model_id) if model_id in self._made else None

    @property
    def has_waiting(self) -> bool:
        """Whether a call waits that was not looked at yet, or lacks something that may come."""
        with self._lock:
            journal = self._journal
            return journal is not None and (len(journal.calls) > self._found.looked_at or self._found.is_waiting)

    def deliver(self, *, now: bool = False) -> None:
        """Do what waits, where the store answers; soon after it did not, only ``now``. Raises nothing."""
        self._keep_taken()
        if not self.has_waiting or (not now and clock.monotonic() < self._silent_until):
            return
        with self._delivering:
            journal = self._journal
            if journal is None:
                return
            try:
                found = Replay(self._client, journal).run()
            except (CloudtrackError, OSError) as error:
                self._note_away(error)
                return
            self._look_at(journal, found)

    def _look_at(self, journal: Journal, found: Replayed) -> None:
        """What came of a delivery."""
        for number in sorted(found.left.keys() - self._found.left.keys()):
            words = journal.calls[number - 1].summary()
            _log.warning("%s could not be done (%s): see `cloudtrack sync`", words, found.left[number])
        with self._keeping, self._lock:
            done = {number for number, outcome in found.known.items() if not outcome.refused}
            self._made -= {
                call.arguments["model_id"]
                for call in journal.calls
                if call.call == CREATE_MODEL and call.number in done
            }
            self._found = found
            self._silent_until = clock.monotonic() + _PAUSE_AWAY_S if found.is_waiting else -math.inf
            if not found.left and len(journal.calls) == found.looked_at:
                journal.close()
                self._journal, self._found = None, Replayed()

    def close(self) -> None:
        """Deliver what waits; the rest stays in the journal for ``cloudtrack sync``."""
        self.deliver(now=True)
        with self._keeping, self._lock:
            if self._journal is not None:
                _log.warning(
                    "calls to the registry or to logged models wait in %s: `cloudtrack sync` delivers them",
                    self._journal.path,
                )
                self._journal.abandon()
                self._journal, self._found = None, Replayed()

    def _new(self, name: str, said: dict[str, Any]) -> Call:
        return Call(operation=ids.new_commit_id(), time_ms=clock.now_ms(), call=name, arguments=said)

    def _do(self, call: Call, source: Path | BinaryIO | None) -> Any:
        start = source.tell() if source is not None and not isinstance(source, Path) else 0
        reason = "the store is away, or earlier calls wait for it"
        if not self._must_wait(call):
            try:
                return self._do_now(call, source)
            except Unavailable as error:
                if not self._keeps:
                    raise
                reason = error.message
                self._note_away(error)
                if source is not None and not isinstance(source, Path):
                    source.seek(start)
        return self._keep(call, source, reason)

    def _do_now(self, call: Call, source: Path | BinaryIO | None) -> Any:
        references = call.references()
        numbers = {pending: self._number(writer, number) for pending, writer, number in references}
        if None in numbers.values():
            return self._keep(call, source, "a version that it names has no number yet")
        client = self._client.acting_as(self._client.user, operation=call.operation)
        return do(client, call, call.with_versions(numbers), source)  # type: ignore[arg-type]  # none is None

    def _number(self, writer: str, number: int) -> int | None:
        outcome = self._client.journals.get(writer).get(number)
        return outcome.version if outcome else None

    def _must_wait(self, call: Call) -> bool:
        self.deliver()
        return self.has_waiting or bool(call.needs() & (self._found.lacking | self._made))

    def _keep(self, call: Call, source: Path | BinaryIO | None, reason: str) -> Any:
        try:
            with self._keeping:
                journal = self._open_journal()
                if source is not None:
                    call.file = journal.files.keep(call.arguments["path"], source)
                kept = self._append(journal, call)
        except OSError as error:
            raise Unavailable(
                f"{call.summary()} could not be done ({reason}), nor kept in the spool folder: "
                f"{error.strerror or error}"
            ) from error
        if kept.call == CREATE_MODEL:
            self._made.add(kept.arguments["model_id"])
        return None if kept.call in (UPLOAD, LOG_METRICS) else expected(kept, journal, self._models)

    def _open_journal(self) -> Journal:
        with self._lock:
            if self._journal is None:
                header = JournalHeader(store_url=self._client.uri, writer=ids.new_commit_id(), user=self._client.user)
                self._journal = Journal.create(self._spool_dir, header)
                _log.warning(
                    "the store is away: calls to the registry and to logged models wait in %s", self._journal.path
                )
                if self._is_child:
                    close_at_exit_of_child(self.close)
            return self._journal

    def _append(self, journal: Journal, call: Call) -> Call:
        try:
            return journal.append(call)
        except OSError:
            journal.files.forget([call.file] if call.file else [])
            raise

    def _note_away(self, error: Exception) -> None:
        _log.debug("the store is away: %s", error)
        self._silent_until = clock.monotonic() + _PAUSE_AWAY_S

    def _after_fork(self) -> None:
        """In the child: the parent's calls are the parent's."""
        if self._journal is not None:
            self._journal.abandon()
        self._is_child = True
        self._reset()


class _Service:
    """A service whose calls may wait; before it is read, what waits is delivered where that is possible."""

    def __init__(self, owner: WaitingClient, name: str) -> None:
        self._owner = owner
        self._name = name

    def __getattr__(self, method: str) -> Callable[..., Any]:
        if method.startswith("_"):
            raise AttributeError(method)
        name = f"{self._name}.{method}"
        if name in CALLS:
            return lambda *arguments, **named: self._owner.call(name, *arguments, **named)
        self._owner.deliver()
        found: Callable[..., Any] = getattr(getattr(self._owner._client, self._name), method)
        return self._get_model if name == "logged_models.get" else found

    def _get_model(self, model_id: str, **named: Any) -> LoggedModel:
        found: LoggedModel | None = self._owner.expected_model(model_id)
        return found or self._owner._client.logged_models.get(model_id, **named)


class _ModelFiles(Artifacts):
    """The files of logged models, which wait like the calls about them."""

    def __init__(self, owner: WaitingClient, behind: Artifacts) -> None:
        super().__init__(behind.files, LOGGED_MODEL)
        self._waiting = owner

    def upload(self, owner_id: str, source: Path | BinaryIO, path: str, *, progress: Progress | None = None) -> None:
        """Upload, or keep for later. Raises Unavailable where the spool folder cannot be written either."""
        del progress  # nobody asks for it here
        self.key(owner_id, path)
        self._waiting.upload(owner_id, source, path)


def _reset_after_fork() -> None:
    for client in list(_clients):
        client._after_fork()


os.register_at_fork(after_in_child=_reset_after_fork)
