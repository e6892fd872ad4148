"""A run as one HTML page that needs nothing else: no script, no request, everything in it escaped."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from cloudtrack import clock
from cloudtrack.entities.logged_model import LoggedModel
from cloudtrack.entities.run import MetricSummary, Run
from cloudtrack.grants.svg_chart import svg_chart

_STYLE = """body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:64rem;padding:0 1rem;color:#1d2330}
h1{font-size:1.5rem;overflow-wrap:anywhere}h2{font-size:1.1rem;margin-top:2rem}p{color:#5b6474}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;
border-bottom:1px solid #e3e6eb;overflow-wrap:anywhere}th{font-weight:600}td.n{font-variant-numeric:tabular-nums}
figure{display:inline-block;margin:.5rem 1rem .5rem 0}figcaption{max-width:320px;overflow-wrap:anywhere}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f6f7f9;padding:.75rem}"""
_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'"
"""For browsers: no script runs and nothing is loaded, even if something was not escaped."""
_NOTE = "mlflow.note.content"
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class SharedFile:
    """An artifact; ``url`` is empty where nobody can be given one."""

    path: str
    size_bytes: int
    url: str = ""


@dataclass(frozen=True)
class SharedRun:
    """What the page shows."""

    run: Run
    experiment_name: str
    charts: Sequence[tuple[str, Sequence[float], Sequence[float]]] = ()
    """Metrics with their steps and values."""
    models: Sequence[LoggedModel] = ()
    files: Sequence[SharedFile] = ()
    files_left_out: int = 0
    expires_ms: int | None = None
    made_ms: int = 0


def share_page(shared: SharedRun) -> str:
    """The page."""
    run = shared.run
    parts = [
        f"<h1>{_text(run.info.run_name or run.info.run_id)}</h1>",
        _facts(shared),
        _note(run),
        _section("Params", ("param", "value"), sorted(run.data.params.items())),
        _metrics(shared),
        _section("Tags", ("tag", "value"), sorted((k, v) for k, v in run.data.tags.items() if k != _NOTE)),
        _section(
            "Datasets",
            ("name", "digest", "source type"),
            [(item.dataset.name, item.dataset.digest, item.dataset.source_type) for item in run.inputs.dataset_inputs],
        ),
        _section(
            "Models", ("name", "id", "status"), [(model.name, model.model_id, model.status) for model in shared.models]
        ),
        _files(shared),
    ]
    title = _text(run.info.run_name or run.info.run_id)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">'
        '<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body>\n"
        + "\n".join(filter(None, parts))
        + "\n</body></html>\n"
    )


def _facts(shared: SharedRun) -> str:
    info = shared.run.info
    facts = [
        ("run", info.run_id),
        ("experiment", shared.experiment_name),
        ("status", "LOST" if info.is_lost else info.status),
        ("user", info.user_id),
        ("started", clock.format_ms(info.start_time) if info.start_time else ""),
        ("ended", clock.format_ms(info.end_time) if info.end_time else ""),
    ]
    until = f" Links end at {clock.format_ms(shared.expires_ms)}." if shared.expires_ms else ""
    seen = f"<p>As it was at {clock.format_ms(shared.made_ms)}, for reading only.{until}</p>"
    return seen + _section("Run", ("", ""), [fact for fact in facts if fact[1]], titles=False)


def _note(run: Run) -> str:
    note = run.data.tags.get(_NOTE, "")
    return f"<h2>Description</h2><pre>{_text(note)}</pre>" if note else ""


def _metrics(shared: SharedRun) -> str:
    rows = [(key, *_numbers(summary)) for key, summary in sorted(shared.run.data.summaries.items())]
    table = _section("Metrics", ("metric", "last", "step", "min", "max", "points"), rows)
    figures = [
        f"<figure>{svg_chart(_plain(key), x, values)}<figcaption>{_text(key)}</figcaption></figure>"
        for key, x, values in shared.charts
    ]
    return table + "".join(figures)


def _numbers(summary: MetricSummary) -> tuple[str, ...]:
    found = (summary.value, summary.step, summary.min, summary.max, summary.count)
    return tuple(f"{number:.6g}" if isinstance(number, float) else f"{number}" for number in found)


def _files(shared: SharedRun) -> str:
    if not shared.files:
        return ""
    rows = "".join(f'<tr><td>{_link(file)}</td><td class="n">{file.size_bytes}</td></tr>' for file in shared.files)
    more = f"<p>{shared.files_left_out} more files are not listed.</p>" if shared.files_left_out else ""
    return f"<h2>Artifacts</h2><table><tr><th>file</th><th>bytes</th></tr>{rows}</table>{more}"


def _link(file: SharedFile) -> str:
    if not file.url.startswith(("https://", "http://")):
        return _text(file.path)
    return f'<a href="{escape(file.url)}" rel="noopener noreferrer">{_text(file.path)}</a>'


def _section(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, titles: bool = True) -> str:
    if not rows:
        return ""
    head = f"<tr>{''.join(f'<th>{_text(column)}</th>' for column in columns)}</tr>" if titles else ""
    body = "".join(f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<h2>{_text(title)}</h2><table>{head}{body}</table>"


def _text(value: Any) -> str:
    return escape(_plain(value))


def _plain(value: Any) -> str:
    """Without what steers a terminal or turns the direction of writing."""
    return _NOT_TEXT.sub("�", "" if value is None else str(value))
