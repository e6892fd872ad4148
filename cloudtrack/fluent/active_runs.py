"""Starting, finding and ending the runs of this process."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Mapping
from types import FrameType, TracebackType
from typing import Any

from cloudtrack import config
from cloudtrack.entities.experiment import Experiment, LifecycleStage
from cloudtrack.entities.run import Run, RunStatus
from cloudtrack.errors import InvalidInput, StateError, Unavailable
from cloudtrack.fluent import console_capture, notebook_cells, session, system_metrics
from cloudtrack.fluent.system_metrics import Sampler
from cloudtrack.tracking import source
from cloudtrack.tracking.console_writer import ConsoleWriter
from cloudtrack.tracking.run_index import PARENT_RUN_TAG
from cloudtrack.tracking.run_writer import RunWriter
from cloudtrack.tracking.source_capture import SourceCapture

DESCRIPTION_TAG = "mlflow.note.content"
_SOURCE_TIMEOUT_S = 10.0


class ActiveRun(Run):
    """A run of this process. As a context manager it ends the run: FINISHED, FAILED on an exception, KILLED
    on SIGTERM."""

    __slots__ = ("_console", "_sampler", "_source", "_writer")

    def __init__(self, run: Run, writer: RunWriter, capture: SourceCapture | None) -> None:
        super().__init__(run.info, run.data, run.inputs, run.outputs)
        object.__setattr__(self, "_writer", writer)
        object.__setattr__(self, "_source", capture)
        object.__setattr__(self, "_console", None)
        object.__setattr__(self, "_sampler", None)

    @property
    def writer(self) -> RunWriter:
        """Where this process logs to the run."""
        writer: RunWriter = object.__getattribute__(self, "_writer")
        return writer

    def log_console(self, console: ConsoleWriter) -> None:
        """Keep what this process prints from now on, until the run ends."""
        object.__setattr__(self, "_console", console)
        console_capture.start(console)

    def log_system(self, sampler: Sampler | None) -> None:
        """Have a sampler stop when the run ends."""
        object.__setattr__(self, "_sampler", sampler)

    def finish(self, status: str, error: BaseException | None = None) -> None:
        """End the run and deliver everything; first what was printed, for readers stop when a run has ended."""
        console: ConsoleWriter | None = object.__getattribute__(self, "_console")
        if console is not None:
            console_capture.stop(console, error)
        sampler: Sampler | None = object.__getattribute__(self, "_sampler")
        if sampler is not None:
            sampler.stop()
        capture: SourceCapture | None = object.__getattribute__(self, "_source")
        if capture is not None:
            capture.wait(_SOURCE_TIMEOUT_S)
        notebook_cells.keep_cells(self.info.run_id)
        self.writer.finish(status)

    def __enter__(self) -> ActiveRun:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if any(run is self for run in _stack()):
            while _stack()[-1] is not self:
                _end(status_of(error), error)  # a child that was started inside and not ended
            _end(status_of(error), error)


class Terminated(SystemExit):
    """Raised in the main thread by SIGTERM while a run is active, so that the run can end as KILLED."""


class _Stacks(threading.local):
    """The active runs of one thread, outermost first."""

    def __init__(self) -> None:
        self.runs: list[ActiveRun] = []


_stacks = _Stacks()
_all_active: dict[str, ActiveRun] = {}
_last: ActiveRun | None = None
_failure: BaseException | None = None
_hooked = False


def start_run(
    run_id: str | None = None,
    experiment_id: str | None = None,
    run_name: str | None = None,
    nested: bool = False,
    parent_run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    description: str | None = None,
    log_system_metrics: bool | None = None,
    log_console: bool | None = None,
) -> ActiveRun:
    """Start a run, or resume the one with ``run_id``, and make it the active run of this thread.

    Without an argument, ``CLOUDTRACK_RUN_ID`` (or ``MLFLOW_RUN_ID``) names a run to resume, once.
    With ``nested`` the run becomes a child of the active one. With ``log_system_metrics`` it has metrics of the machine
    while it goes on, with ``log_console`` it keeps what this process and its children print; where they are None, the
    environment decides. Raises StateError where a run is active and ``nested`` is not set.
    """
    stack = _stack()
    if stack and not nested:
        raise StateError(
            f"run {stack[-1].info.run_id} is active already{_in_notebook()}: end it with end_run(), "
            "or start a child with start_run(nested=True)"
        )
    _hook_process()
    resumed = run_id or ("" if stack or _last else config.run_id())
    all_tags = {key: str(value) for key, value in (tags or {}).items()}
    if description is not None:
        all_tags[DESCRIPTION_TAG] = description
    if resumed:
        active = _resume(resumed, experiment_id, run_name, all_tags)
    else:
        parent = parent_run_id or (stack[-1].info.run_id if stack else None)
        if parent:
            all_tags[PARENT_RUN_TAG] = parent
        active = _start_new(_experiment(experiment_id), run_name, all_tags)
    _remember(active)
    if system_metrics.is_wanted(log_system_metrics):
        active.log_system(system_metrics.start_sampling(active.writer))
    if config.logs_console() if log_console is None else log_console:
        active.log_console(ConsoleWriter(session.client().console, active.info.run_id))
    return active


def _in_notebook() -> str:
    return (
        " (a cell that fails or runs again outside of `with start_run()` leaves it so)" if config.is_notebook() else ""
    )


def active_run() -> ActiveRun | None:
    """The run that this thread logs to; None where none is active."""
    stack = _stack()
    return stack[-1] if stack else None


def last_active_run() -> Run | None:
    """The active run, or the one that ended last, as the store has it."""
    run = active_run() or _last
    return session.client().runs.get(run.info.run_id) if run else None


def end_run(status: str = RunStatus.FINISHED) -> None:
    """End the active run of this thread and deliver everything. No error where none is active."""
    if status not in RunStatus.NAMES:
        raise InvalidInput(f"{status!r} is no run status; it is one of {', '.join(RunStatus.NAMES)}")
    _end(status)


def _end(status: str, error: BaseException | None = None) -> None:
    stack = _stack()
    if stack:
        run = stack.pop()
        _all_active.pop(run.info.run_id, None)
        run.finish(status, error)
        session.waiting_client().deliver(now=True)
        _say_where(run)


def _say_where(run: ActiveRun) -> None:
    """Print where a run at a server can be looked at; to stderr, for what a program prints is its own."""
    uri = session.get_tracking_uri()
    if uri.startswith(("http://", "https://")) and not config.keeps_links_to_itself():
        page = f"{uri.rstrip('/')}/#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}"
        print(f"View run {run.info.run_name} at: {page}", file=sys.stderr)


def current_writer(run_id: str | None = None) -> RunWriter:
    """Where to log: the active run, one that is started now where none is active, or the run named."""
    if run_id is not None:
        return session.client().runs.open_writer(run_id)
    stack = _stacks.runs
    return (stack[-1] if stack else start_run()).writer


def active_writer(run_id: str) -> RunWriter | None:
    """The writer of a run that is active in this process, in any thread."""
    run = _all_active.get(run_id)
    return run.writer if run else None


def experiment_id_of(run_id: str) -> str:
    """The id of a run's experiment; none where the run is active here and neither has reached the store yet."""
    run = _all_active.get(run_id)
    known = run.info.experiment_id if run else ""
    try:
        return known or session.client().runs.get(run_id).info.experiment_id
    except Unavailable:
        if run is None:
            raise
        return ""


def current_run_id(run_id: str | None = None) -> str:
    """The run named, which must exist; the active run; or one that is started now."""
    if run_id is None:
        return (active_run() or start_run()).info.run_id
    if run_id not in _all_active:
        session.client().runs.get(run_id)
    return run_id


def status_of(error: BaseException | None) -> str:
    """How a run ends that an exception, or none, leaves."""
    if error is None or (isinstance(error, SystemExit) and not error.code):
        return RunStatus.FINISHED
    return RunStatus.KILLED if isinstance(error, Terminated) else RunStatus.FAILED


def _stack() -> list[ActiveRun]:
    return _stacks.runs


def _experiment(experiment_id: str | None) -> Experiment:
    return session.get_experiment(experiment_id) if experiment_id else session.current_experiment()


def _start_new(experiment: Experiment, run_name: str | None, tags: dict[str, str]) -> ActiveRun:
    client = session.client()
    run, writer = client.runs.start_writer(
        experiment, run_name=run_name, tags={**source.tags(client.user), **tags}, user_id=client.user
    )
    capture = SourceCapture(client.source_files, writer, source.entry_folder())
    capture.start()
    return ActiveRun(run, writer, capture)


def _resume(run_id: str, experiment_id: str | None, run_name: str | None, tags: dict[str, str]) -> ActiveRun:
    client = session.client()
    run = client.runs.get(run_id)
    if experiment_id and run.info.experiment_id != experiment_id:
        raise InvalidInput(f"run {run_id} is in experiment {run.info.experiment_id}, not in {experiment_id}")
    if run.info.lifecycle_stage == LifecycleStage.DELETED:
        raise StateError(f"run {run_id} is deleted; restore it first")
    if any(active.info.run_id == run_id for active in _stack()):
        raise StateError(f"run {run_id} is active already")
    writer = client.runs.open_writer(run_id)
    if run_name:
        tags = {**tags, "mlflow.runName": run_name}
    if tags:
        writer.set_tags(tags)
    writer.flush()
    return ActiveRun(client.runs.get(run_id), writer, None)


def _remember(run: ActiveRun) -> None:
    global _last
    run.writer.take_model_points = session.waiting_client().keep_points
    _stack().append(run)
    _all_active[run.info.run_id] = run
    _last = run


def _hook_process() -> None:
    """End runs right however the process ends: normally, by an exception nobody catches, by SIGTERM."""
    global _hooked
    if _hooked:
        return
    _hooked = True
    session.before_end(_end_all)
    before = sys.excepthook

    def excepthook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        global _failure
        _failure = error
        before(kind, error, trace)

    sys.excepthook = excepthook
    in_main_thread = threading.current_thread() is threading.main_thread()
    if in_main_thread and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _on_sigterm)


def _on_sigterm(number: int, _frame: FrameType | None) -> None:
    global _failure
    if not _all_active:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTERM)
    _failure = Terminated(128 + number)
    raise _failure


def _end_all() -> None:
    """At the end of the process."""
    status = status_of(_failure)
    for run in reversed(list(_all_active.values())):
        run.finish(status)
    _all_active.clear()
