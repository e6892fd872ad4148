"""Logging to a run without waiting for the store.

``log_*`` appends to memory and returns. A thread moves what came to the spool, a file on the local
disk, ten times a second: from then on it survives the end of the process. A second thread delivers
the spool to the store, soon at first and then every few seconds, so that a run of a million points is
a handful of writes. When the store is away, training goes on and the spool grows; one warning says so.

After a fork the child is a writer of its own to the same run, with its own spool; it never ends the run.
"""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from cloudtrack import clock, ids
from cloudtrack.entities.names import (
    check_key_name,
    check_logged_model_id,
    check_value,
    metric_step,
    metric_value,
    timestamp_ms,
)
from cloudtrack.errors import InvalidInput, StateError, Unavailable
from cloudtrack.tracking.changes import RunChanges, changed_param
from cloudtrack.tracking.documents import DatasetUse, ModelOutput, RunDocument
from cloudtrack.tracking.frames import Frame, in_pieces
from cloudtrack.tracking.model_points import ModelPoint, last_of_each
from cloudtrack.tracking.points import INLINE_POINTS, Point
from cloudtrack.tracking.run_delivery import HEARTBEAT_MS, Delivery
from cloudtrack.tracking.spool import Spool, SpoolHeader

_SPOOL_INTERVAL_S = 0.1
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 5.0
_LONGEST_PAUSE_BULK_S = 15.0
"""Between deliveries so large that each makes a segment of its own."""
_LONGEST_PAUSE_AWAY_S = 30.0
_SHARE_OF_TIME = 10
"""A delivery is followed by a pause at least this many times as long as it took."""

_log = logging.getLogger(__name__)
_writers: weakref.WeakSet[RunWriter] = weakref.WeakSet()


class RunWriter:
    """Logs to one run from this process; made by ``Writers``. Any thread may use it."""

    def __init__(
        self,
        delivery: Delivery,
        run: RunDocument,
        *,
        is_new: bool,
        store_url: str,
        spool_dir: Path,
        experiment_name: str = "",
    ) -> None:
        """``is_new`` says that the run is to be made; where the store is away, it is made later."""
        self.run_id = run.run_id
        self._delivery = delivery
        self._run = run
        self._store_url = store_url
        self._spool_dir = spool_dir
        self._experiment_name = experiment_name
        self._params = dict(run.params)
        self._last_points: dict[str, Point] = {}
        self._checked_keys: set[str] = set()
        self._inputs: set[tuple[str, ...]] = set()  # models and datasets that came with metrics
        self._owns_run = True
        self._away = False
        self.take_model_points: Callable[[str, list[ModelPoint]], list[ModelPoint]] | None = None
        """Takes points of logged models that wait elsewhere, and gives back all others."""
        self.tables: dict[str, bytes] = {}
        """What this process last made of a table, by path."""
        self._is_new = is_new
        self._reset()
        if is_new:
            self._create()
        self._start()
        _writers.add(self)

    def _reset(self) -> None:
        """The state of a writer that has logged nothing yet, in this process."""
        self._points: list[Point] = []
        self._model_points: list[ModelPoint] = []
        self._changes = RunChanges()
        self._writer = ids.new_commit_id()
        self._seq = 0
        self._spooled_points = 0
        self._spool: Spool | None = None
        self._quiet = True  # nothing was logged since the spool thread last looked
        self._started = False
        self._closed = False
        self._lock = threading.Lock()  # guards what is logged, and the spool's life
        self._delivering = threading.Lock()  # one delivery at a time
        self._keeping = threading.Lock()  # one file at a time
        self._has_kept = False
        self._something_logged = threading.Event()
        self._something_spooled = threading.Event()
        self._closing = threading.Event()

    def _create(self) -> None:
        try:
            if self._run.experiment_id:
                self._run = self._delivery.create(self._header())
                return
        except Unavailable:
            pass
        self._warn_away("the store cannot be reached")

    @property
    def run(self) -> RunDocument:
        """The run as it was when this writer began."""
        return self._run

    @property
    def is_closed(self) -> bool:
        """Whether nothing can be logged any more."""
        return self._closed

    def log_metric(self, key: str, value: object, step: object = 0, timestamp: object = None) -> None:
        """Log one point. ``timestamp`` is in milliseconds since the epoch, now by default."""
        if type(key) is not str or key not in self._checked_keys:
            self._checked_keys.add(check_key_name("metric", key))
        if type(value) is not float:
            value = metric_value(key, value)
        if type(step) is not int or not -(2**63) <= step < 2**63:
            step = metric_step(key, step)
        at = clock.now_ms() if timestamp is None else timestamp_ms(timestamp)
        if self._closed:
            raise StateError(f"run {self.run_id} has ended; resume it with start_run(run_id=...) to log more")
        self._last_points[key] = point = (key, value, step, at)
        self._points.append(point)
        if self._quiet:
            self._wake()

    def log_model_metric(
        self,
        model_ids: Sequence[str],
        key: str,
        value: object,
        step: object = 0,
        timestamp: object = None,
        *,
        dataset: DatasetUse | None = None,
        reads: bool = False,
    ) -> None:
        """Log one point to the run and to logged models, on a dataset, which the run then has as an input.

        ``reads`` says that the models are inputs too. Whether they exist is found by the delivery, which warns.
        """
        for model_id in model_ids:
            check_logged_model_id(model_id)
        at = clock.now_ms() if timestamp is None else timestamp_ms(timestamp)
        number, at_step = metric_value(key, value), metric_step(key, step)
        self.log_metric(key, number, at_step, at)
        on = (dataset.name, dataset.digest) if dataset else (None, None)
        self._model_points.extend([ModelPoint(model_id, key, number, at_step, at, *on) for model_id in model_ids])
        new_models = [model_id for model_id in model_ids if reads and self._is_new_input(model_id)]
        new_datasets = [dataset] if dataset and self._is_new_input(dataset.name, dataset.digest) else []
        if new_models or new_datasets:
            self._log(RunChanges(inputs=new_datasets, model_inputs=new_models))
        elif self._quiet:
            self._wake()

    def give_metrics(self, model_id: str, step: int) -> None:
        """Log to a logged model the last point that this process has of each metric, where it is at ``step``."""
        last = [point for point in list(self._last_points.values()) if point[2] == step]
        if last:
            self._model_points.extend([ModelPoint(check_logged_model_id(model_id), *point) for point in last])
            self._wake()

    def log_params(self, params: Mapping[str, object]) -> None:
        """Log params. Raises InvalidInput, before anything is logged, where one has another value already."""
        texts = {check_key_name("param", key): check_value("param", key, value) for key, value in params.items()}
        with self._lock:
            for key, value in texts.items():
                if (kept := self._params.get(key, value)) != value:
                    raise InvalidInput(changed_param(self.run_id, key, kept, value))
            self._params.update(texts)
            self._add(RunChanges(params=texts))
        self._wake()

    def set_tags(self, tags: Mapping[str, object]) -> None:
        """Set tags; ``mlflow.runName`` also names the run."""
        texts = {check_key_name("tag", key): check_value("tag", key, value) for key, value in tags.items()}
        self._log(RunChanges(tags=texts, run_name=texts.get("mlflow.runName")))

    def log_inputs(self, inputs: list[DatasetUse], models: Sequence[str] = ()) -> None:
        """Record datasets, and logged models by id, that were read."""
        self._log(RunChanges(inputs=inputs, model_inputs=[check_logged_model_id(model_id) for model_id in models]))

    def log_outputs(self, outputs: list[ModelOutput]) -> None:
        """Record models that were made."""
        self._log(RunChanges(outputs=outputs))

    @property
    def params(self) -> dict[str, str]:
        """The params that the run has, as far as this process knows."""
        with self._lock:
            return dict(self._params)

    @property
    def has_begun_here(self) -> bool:
        """Whether this process made the run: no other had anything to log to it."""
        return self._is_new and self._owns_run

    @property
    def is_away(self) -> bool:
        """Whether the last delivery found no store."""
        return self._away

    @property
    def has_waiting_files(self) -> bool:
        """Whether files wait that the store does not have yet."""
        with self._lock:
            return self._has_kept and (bool(self._changes.artifacts) or bool(self._spool and self._spool.has_unsent))

    def keep_file(self, path: str, source: Path | BinaryIO) -> None:
        """Keep an artifact beside the spool, to be delivered with it. Raises OSError where the disk has no room."""
        with self._keeping:
            with self._lock:
                self._spool = self._spool or self._new_spool()
                files = self._spool.files
            if files is None:
                raise OSError(f"the spool folder {self._spool_dir} cannot be written")
            kept = files.keep(path, source)
            self._has_kept = True
            self._log(RunChanges(artifacts=[kept]))

    def flush(self) -> None:
        """Return when the store has all that was logged before. Raises Unavailable, PermissionDenied ..."""
        self._spool_logged()
        self._deliver(heartbeat=False)

    def finish(self, status: str, end_time: int | None = None) -> None:
        """End the run with a status and deliver everything. In a forked child: deliver only.

        A store that is away does not raise: one warning names the spool file, and ``cloudtrack sync``
        delivers it later.
        """
        if self._closed:
            return
        if self._owns_run:
            self._log(RunChanges(status=status, end_time=end_time if end_time is not None else clock.now_ms()))
        self._close()

    def detach(self) -> None:
        """Deliver everything and stop, without ending the run."""
        if not self._closed:
            self._close()

    def _close(self) -> None:
        self._closed = True
        self._closing.set()
        self._something_logged.set()
        self._something_spooled.set()
        self._spool_logged()
        try:
            self._deliver(heartbeat=False)
        except Exception as error:  # noqa: BLE001 - the end of a training job is no place to raise
            where = self._spool.path if self._spool else None
            rest = f"kept in {where}; `cloudtrack sync` delivers it" if where else "lost: there is no spool on disk"
            _log.warning(
                "run %s: not all that was logged reached the store (%s); the rest is %s", self.run_id, error, rest
            )
        with self._lock:
            if self._spool is not None:
                self._spool.close()
                self._spool = None

    def _is_new_input(self, *names: str) -> bool:
        if names in self._inputs:
            return False
        self._inputs.add(names)
        return True

    def _log(self, changes: RunChanges) -> None:
        with self._lock:
            self._add(changes)
        self._wake()

    def _add(self, changes: RunChanges) -> None:
        if self._closed:
            raise StateError(f"run {self.run_id} has ended; resume it with start_run(run_id=...) to log more")
        self._changes.add(changes)

    def _wake(self) -> None:
        self._quiet = False
        if not self._started:
            self._start()
        self._something_logged.set()

    def _start(self) -> None:
        with self._lock:
            if self._started:
                return
            self._started = True
            self._spool = self._new_spool()
            for target in (self._spool_loop, self._deliver_loop):
                threading.Thread(target=target, name=f"cloudtrack-{self.run_id[:8]}", daemon=True).start()
            if not self._owns_run:
                close_at_exit_of_child(self.detach)

    def _spool_loop(self) -> None:
        while not self._closing.is_set():
            self._something_logged.wait()
            self._something_logged.clear()
            self._closing.wait(_SPOOL_INTERVAL_S)
            if not self._closing.is_set():
                self._spool_logged()

    def _spool_logged(self) -> None:
        """Move what was logged to the spool."""
        with self._lock:
            self._quiet = True  # before the look: a point that comes after it wakes the thread again
            points = self._points
            taken = len(points)
            changes, self._changes = self._changes, RunChanges()
            changes.points = points[:taken]
            model_points = self._model_points[: len(self._model_points)]
            del self._model_points[: len(model_points)]
            changes.model_points = last_of_each(model_points)
            if model_points and self.take_model_points is not None:
                changes.model_points = self.take_model_points(self.run_id, changes.model_points)
            del points[:taken]
            if changes.is_empty():
                return
            self._spooled_points += taken
            for piece in in_pieces(changes):
                self._seq += 1
                self._append(Frame.model_construct(seq=self._seq, changes=piece))
        self._something_spooled.set()

    def _append(self, frame: Frame) -> None:
        spool = self._spool or self._new_spool()
        try:
            spool.append(frame)
        except OSError as error:
            self._warn_no_spool(error)
            unsent, _ = spool.read_unsent(limit_points=2**63)
            spool = Spool.in_memory(self._header(), spool.files)
            for earlier in [*unsent, frame]:
                spool.append(earlier)
        self._spool = spool

    def _new_spool(self) -> Spool:
        try:
            return Spool.create(self._spool_dir, self._header())
        except OSError as error:
            self._warn_no_spool(error)
            return Spool.in_memory(self._header())

    def _warn_no_spool(self, error: OSError) -> None:
        _log.warning(
            "the spool folder %s cannot be written (%s): logging goes on in memory, "
            "and what the store does not have yet is lost if this process is killed",
            self._spool_dir,
            error.strerror or error,
        )

    def _header(self) -> SpoolHeader:
        return SpoolHeader(
            store_url=self._store_url,
            writer=self._writer,
            run=self._run,
            experiment_name=self._experiment_name,
        )

    def _deliver_loop(self) -> None:
        pause_s = _FIRST_PAUSE_S
        delivered_points = 0
        while not self._closing.is_set():
            self._something_spooled.wait(HEARTBEAT_MS / 1000)
            self._something_spooled.clear()
            if self._closing.wait(pause_s):
                return
            before = clock.monotonic()
            try:
                spooled_points = self._spooled_points
                self._deliver(heartbeat=True)
                bulk = spooled_points - delivered_points > INLINE_POINTS
                delivered_points = spooled_points
                longest = _LONGEST_PAUSE_BULK_S if bulk else _LONGEST_PAUSE_S
            except Exception as error:  # noqa: BLE001 - a thread that died would deliver nothing any more
                self._warn_away(str(error))
                self._something_spooled.set()
                longest = _LONGEST_PAUSE_AWAY_S
            spent = clock.monotonic() - before
            pause_s = max(min(pause_s * 2, longest), min(spent * _SHARE_OF_TIME, _LONGEST_PAUSE_AWAY_S))

    def _deliver(self, *, heartbeat: bool) -> None:
        with self._delivering:
            if self._spool is None:
                return  # a forked child that has logged nothing
            self._delivery.deliver(self._spool, heartbeat=heartbeat)
        if self._away:
            self._away = False
            _log.warning("run %s: the store is back and has everything", self.run_id)

    def _warn_away(self, reason: str) -> None:
        if not self._away:
            self._away = True
            _log.warning(
                "run %s: %s; training goes on, and what is logged waits in %s", self.run_id, reason, self._spool_dir
            )

    def _after_fork(self) -> None:
        """In the child: forget the parent's data, which the parent delivers."""
        if self._spool is not None:
            self._spool.abandon()
        closed = self._closed
        self._owns_run = False
        self._reset()
        self._closed = closed


def close_at_exit_of_child(close: Callable[[], None]) -> None:
    """Children of ``multiprocessing`` leave without running ``atexit``; they do run these, the last one first."""
    from multiprocessing import util

    util.Finalize(None, close, exitpriority=100)


def _reset_writers_after_fork() -> None:
    for writer in list(_writers):
        writer._after_fork()


os.register_at_fork(after_in_child=_reset_writers_after_fork)
