"""A run in sixty lines: what it was, how it did beside the others, what to look at, where it came from and went to.

For people, and for agents that are given little room. Every sentence comes from the store; nothing is guessed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from cloudtrack import clock
from cloudtrack.entities.dataset import CONTEXT_TAG
from cloudtrack.entities.run import MetricSummary, Run, RunStatus
from cloudtrack.errors import NotFound, PermissionDenied

MOST_LINES = 60
OTHERS = 200
"""The newest runs of the experiment that a run is compared with."""
_LONGEST_LINE = 160
_METRICS, _PARAMS, _HINTS, _DATA, _MADE, _FILES, _WORDS = 10, 7, 5, 4, 5, 4, 6
"""Lines of each part at most; with headings and the rest ``MOST_LINES``."""
_FAR = 0.05
"""How far the last value may be from the best before that is worth a line, as a share of the metric's range."""


@dataclass(frozen=True)
class Part:
    """Some lines under a heading."""

    heading: str
    lines: list[str]


def explain(client: Any, run_id: str) -> list[Part]:
    """The parts, in the order of reading; ``client`` is of a store or of a server. Raises NotFound, PermissionDenied.

    One read of the run, one search for the others, and one request each for experiment, versions, files and console.
    """
    run: Run = client.runs.get(run_id)
    found = client.runs.search([run.info.experiment_id], max_results=OTHERS)
    others = [each for each in found if each.info.run_id != run_id]
    parts = [
        Part("Run", [*_head(client, run)]),
        Part("Metrics", _some((_metric(key, run, others) for key in sorted(run.data.summaries)), _METRICS)),
        Part(f"Params unlike most of {len(others)} other runs", _some(_unusual(run, others), _PARAMS)),
        Part("Look at", _some(_hints(run), _HINTS)),
        Part("Data", _some(_data(run), _DATA)),
        Part("Code", [*_code(run)]),
        Part("Made", _some(_made(client, run), _MADE)),
        Part("Files", _some(_files(client, run_id), _FILES)),
        Part("Last words", _asked(lambda: _words(client, run))),
        Part("More", [f"cloudtrack runs show {run_id}", f"cloudtrack artifacts list {run_id}"]),
    ]
    return [Part(part.heading, [_short(line) for line in part.lines]) for part in parts if part.lines]


def _head(client: Any, run: Run) -> Iterator[str]:
    info = run.info
    experiment = _asked(lambda: [client.experiments.get(info.experiment_id).name]) or [info.experiment_id]
    yield f"{info.run_name or '(no name)'} {info.run_id}, in experiment {experiment[0]!r}"
    status = "RUNNING, but nothing was heard of it for three heartbeats" if info.is_lost else info.status
    took = f" after {_duration(info.end_time - info.start_time)}" if info.end_time and info.start_time else ""
    by = f" by {info.user_id}" if info.user_id else ""
    started = f", started {clock.format_ms(info.start_time)[:19]} UTC" if info.start_time else ""
    yield f"{status}{took}{by}{started}"
    if parent := run.data.tags.get("mlflow.parentRunId"):
        yield f"child of {parent}"
    if note := run.data.tags.get("mlflow.note.content"):
        yield f"note: {note}"


def _metric(key: str, run: Run, others: list[Run]) -> str:
    mine = run.data.summaries[key]
    text = f"{key} = {mine.value:.6g}"
    if mine.count > 1:
        text += f" at step {mine.step} of {mine.count} points; from {mine.min:.6g} (step {mine.min_step})"
        text += f" to {mine.max:.6g} (step {mine.max_step})"
    values = [each.data.metrics[key] for each in others if key in each.data.metrics]
    if not values or math.isnan(mine.value):
        return text
    higher, lower = sum(value > mine.value for value in values), sum(value < mine.value for value in values)
    return f"{text}; {higher} other runs are higher, {lower} lower"


def _unusual(run: Run, others: list[Run]) -> Iterator[str]:
    """The params whose value most others do not have."""
    for key, value in sorted(run.data.params.items()):
        there = Counter(each.data.params[key] for each in others if key in each.data.params)
        if not there:
            continue
        usual, times = there.most_common(1)[0]
        if usual != value and times > len(others) / 2:
            yield f"{key} = {value} (usually {usual})"
        elif usual != value or len(there) > 1:
            yield f"{key} = {value} ({there[value]} others have it, of {len(there)} values)"


def _hints(run: Run) -> Iterator[str]:
    status, summaries = run.info.status, run.data.summaries
    if status in (RunStatus.FAILED, RunStatus.KILLED):
        yield f"it ended {status}"
    if not summaries:
        yield "it logged no metric"
    for key, summary in sorted(summaries.items()):
        if math.isnan(summary.value) or math.isinf(summary.value):
            yield f"{key} ended as {summary.value}"
        elif _has_turned(key, summary):
            best, step = (summary.min, summary.min_step) if _is_loss(key) else (summary.max, summary.max_step)
            yield f"{key} was best at step {step} ({best:.6g}) and ended worse ({summary.value:.6g})"
    if run.data.tags.get("cloudtrack.git.dirty") == "true":
        yield "its code had changes that were not committed (kept as code.patch)"


def _has_turned(key: str, summary: MetricSummary) -> bool:
    """Whether the last value is clearly worse than the best, of a metric that we know what is better of."""
    reach = summary.max - summary.min
    if summary.count < 3 or not 0 < reach < math.inf:
        return False
    if _is_loss(key):
        return (summary.value - summary.min) / reach > _FAR
    return _is_score(key) and (summary.max - summary.value) / reach > _FAR


def _is_loss(key: str) -> bool:
    return any(word in key.lower() for word in ("loss", "error", "mae", "mse", "rmse", "perplexity"))


def _is_score(key: str) -> bool:
    return any(word in key.lower() for word in ("acc", "auc", "f1", "precision", "recall", "r2", "score"))


def _data(run: Run) -> Iterator[str]:
    for use in run.inputs.dataset_inputs:
        context = next((tag.value for tag in use.tags if tag.key == CONTEXT_TAG), "")
        yield f"{use.dataset.name} {use.dataset.digest}{f' for {context}' if context else ''}"


def _code(run: Run) -> Iterator[str]:
    tags = run.data.tags
    if commit := tags.get("mlflow.source.git.commit"):
        branch = tags.get("mlflow.source.git.branch")
        yield f"commit {commit}{f' on {branch}' if branch else ''} {tags.get('mlflow.source.git.repoURL', '')}".rstrip()
    if source := tags.get("cloudtrack.command") or tags.get("mlflow.source.name"):
        yield f"ran {source}"
    if python := tags.get("cloudtrack.python"):
        yield f"Python {python}"


def _made(client: Any, run: Run) -> Iterator[str]:
    for output in run.outputs.model_outputs:
        yield f"logged model models:/{output.model_id}"
    for version in client.lineage.from_run(run.info.run_id):
        aliases = "".join(f" @{alias}" for alias in version.aliases)
        stage = f", {version.current_stage}" if version.current_stage != "None" else ""
        yield f"version models:/{version.name}/{version.version}{stage}{aliases}"


def _files(client: Any, run_id: str) -> Iterator[str]:
    for file in client.artifacts.list(run_id):
        yield f"{file.path}/" if file.is_dir else f"{file.path} ({file.file_size} bytes)"


def _words(client: Any, run: Run) -> list[str]:
    """The end of the console log of a run that did not end well."""
    if run.info.status == RunStatus.FINISHED:
        return []
    pieces = client.console.read(run.info.run_id, backwards=True).pieces
    text = b"".join(piece.body for piece in pieces).decode(errors="replace")
    return [line for line in text.splitlines() if line.strip()][-_WORDS:]


def _some(lines: Iterable[str], most: int) -> list[str]:
    """So many of them at most; the last says how many more there are."""
    found = _asked(lambda: lines)
    return found if len(found) <= most else [*islice(found, most - 1), f"and {len(found) - most + 1} more"]


def _asked(lines: Callable[[], Iterable[str]]) -> list[str]:
    """Nothing where it is not there, or not for the asker."""
    try:
        return list(lines())
    except (NotFound, PermissionDenied):
        return []


def _duration(ms: int) -> str:
    seconds = ms / 1000
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"


def _short(line: str) -> str:
    line = " ".join(line.split())
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 3]}..."
