"""Questions that MLflow refuses, or answers otherwise, and what we say to them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from tests.search.corpus.questions import Understood, by, where
from tests.search.corpus.things import EXPERIMENTS, LOGGED_MODELS, MODELS, RunData

Holds = Callable[[Any], bool]
_SUMMARIES = "summaries of metrics"
_SPELLINGS = "keys and kinds in more spellings"


def _because(reason: str, asked: dict[str, Holds | None]) -> list[Understood]:
    return [Understood(where(text), reason, holds) for text, holds in asked.items()]


def _loss(run: RunData) -> float:
    """NaN where it is missing: then no comparison but != is true."""
    return run.metrics["loss"][-1] if "loss" in run.metrics else math.nan


def _has(*keys: str) -> Holds:
    return lambda run: all(key in {**run.metrics, **run.params, **run.tags} for key in keys)


def _least(run: RunData, key: str) -> float:
    return min((value for value in run.metrics.get(key, []) if not math.isnan(value)), default=math.nan)


def _most(run: RunData, key: str) -> float:
    return max((value for value in run.metrics.get(key, []) if not math.isnan(value)), default=math.nan)


def _mean(run: RunData, key: str) -> float:
    numbers = [value for value in run.metrics.get(key, []) if not math.isnan(value)]
    return sum(numbers) / len(numbers) if numbers else math.nan


def _names(run: RunData) -> list[str]:
    return [name for name, _, _ in run.datasets]


def _model(run: RunData) -> str:
    return run.params.get("model", "\0")


RUNS = [
    *_because(
        "OR, NOT and parentheses",
        {
            "params.model = 'tree' OR params.model = 'forest'": lambda r: _model(r) in ("tree", "forest"),
            "(params.model = 'tree')": lambda r: _model(r) == "tree",
            "((params.model = 'tree'))": lambda r: _model(r) == "tree",
            "params.model = 'tree' OR metrics.loss < 0 AND tags.team = 'x'": lambda r: _model(r) == "tree",
            "(params.model = 'tree' OR metrics.loss < 0.2) AND tags.team = 'red'": (
                lambda r: (_model(r) == "tree" or _loss(r) < 0.2) and r.tags.get("team") == "red"
            ),
            "metrics.loss < 0 or metrics.loss > 1e10": lambda r: _loss(r) < 0 or _loss(r) > 1e10,
            "NOT params.model = 'tree'": lambda r: "model" in r.params and _model(r) != "tree",
            "not (params.model = 'tree')": lambda r: "model" in r.params and _model(r) != "tree",
            "NOT NOT params.model = 'tree'": lambda r: _model(r) == "tree",
            "NOT metrics.loss < 0.5": lambda r: "loss" in r.metrics and not _loss(r) < 0.5,
            "NOT (metrics.loss < 0.5 OR metrics.loss >= 0.5)": lambda r: "loss" in r.metrics and math.isnan(_loss(r)),
            "NOT metrics.loss <= inf": lambda r: "loss" in r.metrics and math.isnan(_loss(r)),
            "NOT (params.model = 'tree' AND params.depth = '3')": (
                lambda r: (
                    ("model" in r.params and _model(r) != "tree") or ("depth" in r.params and r.params["depth"] != "3")
                )
            ),
            "NOT (params.model = 'tree' OR params.depth = '3')": (
                lambda r: (
                    "model" in r.params and "depth" in r.params and _model(r) != "tree" and r.params["depth"] != "3"
                )
            ),
            "NOT (params.none = 'x' AND params.model = 'tree')": lambda r: "model" in r.params and _model(r) != "tree",
            "params.none = 'x' OR params.model = 'tree'": lambda r: _model(r) == "tree",
            "NOT params.none = 'x'": lambda r: False,
            "params.none IS NULL OR params.none = 'x'": lambda r: True,
            "NOT params.depth IS NULL": lambda r: "depth" in r.params,
            "NOT params.depth IS NOT NULL": lambda r: "depth" not in r.params,
            "NOT (status = 'FINISHED' OR status = 'RUNNING')": lambda r: r.status not in ("FINISHED", "RUNNING"),
            "NOT datasets.name = 'iris'": lambda r: bool(r.datasets) and "iris" not in _names(r),
            "datasets.name IS NULL OR NOT datasets.name = 'iris'": lambda r: "iris" not in _names(r),
            "NOT datasets.name != 'iris'": lambda r: bool(r.datasets) and set(_names(r)) == {"iris"},
            "(run_name = 'zero' OR run_name = 'nan') AND NOT (metrics.loss = 0)": lambda r: r.name == "nan",
        },
    ),
    *_because(
        "BETWEEN",
        {
            "metrics.loss BETWEEN 0.1 AND 0.5": lambda r: 0.1 <= _loss(r) <= 0.5,
            "metrics.loss between -4 and 0": lambda r: -4 <= _loss(r) <= 0,
            "metrics.loss BETWEEN 0.5 AND 0.1": lambda r: False,
            "metrics.loss NOT BETWEEN 0 AND 1": lambda r: "loss" in r.metrics and not 0 <= _loss(r) <= 1,
            "metrics.loss BETWEEN 0.1 AND 0.5 AND params.model = 'tree'": (
                lambda r: 0.1 <= _loss(r) <= 0.5 and _model(r) == "tree"
            ),
            "start_time BETWEEN 5 AND 7 OR start_time BETWEEN 20 AND 21": lambda r: r.start in (5, 6, 7, 20, 21),
            "end_time NOT BETWEEN 20000 AND 20020": lambda r: r.end is not None and not 20000 <= r.end <= 20020,
        },
    ),
    *_because(
        "RLIKE",
        {
            "params.model RLIKE 'tree'": lambda r: "tree" in _model(r),
            "params.model RLIKE '^tree$'": lambda r: _model(r) == "tree",
            "params.model RLIKE '^(tree|forest)$'": lambda r: _model(r) in ("tree", "forest"),
            "params.model rlike '[Tt]ree'": lambda r: re.search("[Tt]ree", _model(r)) is not None,
            "params.model RLIKE ''": _has("model"),
            "params.model RLIKE '^$'": lambda r: _model(r) == "",
            "params.model RLIKE '^.{3}$'": lambda r: re.fullmatch(".{3}", _model(r)) is not None,
            "params.model RLIKE '\\d'": lambda r: re.search("[0-9]", _model(r)) is not None,
            "params.model RLIKE '^x+$'": lambda r: re.fullmatch("x+", _model(r)) is not None,
            "params.model RLIKE '\\\\'": lambda r: "\\" in _model(r),
            "params.model RLIKE '\\.'": lambda r: "." in _model(r),
            "params.model NOT RLIKE 'e'": lambda r: "model" in r.params and "e" not in _model(r),
            "tags.team RLIKE '^\\s*$'": lambda r: "team" in r.tags and not r.tags["team"].strip(),
            "tags.team RLIKE 'red$'": lambda r: r.tags.get("team", "").endswith("red"),
            "tags.index RLIKE '^1[0-2]$'": lambda r: r.tags.get("index") in ("10", "11", "12"),
            "run_name RLIKE '\\bloss\\b|^sweep-0[1-3]'": lambda r: r.name in ("sweep-01", "sweep-02", "sweep-03"),
            "datasets.digest RLIKE '^[0-9]$'": lambda r: any(d.isdigit() for _, d, _ in r.datasets),
            "params.model RLIKE 'größe|日'": lambda r: _model(r) in ("größe", "日本"),
        },
    ),
    *_because(
        _SUMMARIES,
        {
            "metrics.loss.min < 0.5": lambda r: (7 if r.name == "half" else _least(r, "loss")) < 0.5,
            "metrics.loss.max = 1": lambda r: _most(r, "loss") == 1,
            "metrics.loss.count >= 3": lambda r: len(r.metrics.get("loss", ())) >= 3,
            "metrics.loss.count = 2": lambda r: len(r.metrics.get("loss", ())) == 2,
            "metrics.score.mean > 1": lambda r: _mean(r, "score") > 1,
            "metrics.score.min = -1": lambda r: r.name == "summaries",
            "metrics.`score.min` = -1": lambda r: r.name == "summaries",
            'metrics."val loss.max" = 2': lambda r: r.name == "odd-keys",
            "metrics.val.loss.min < 0.2": lambda r: _least(r, "val.loss") < 0.2,
            "metrics.acc.min < 0.3 AND metrics.acc.max > 0.6": lambda r: (
                _least(r, "acc") < 0.3 and _most(r, "acc") > 0.6
            ),
            "NOT metrics.none.min < 1": lambda r: False,
        },
    ),
    *_because(
        "IS NULL asks of everything whether it is there",
        {
            "metrics.loss IS NULL": lambda r: "loss" not in r.metrics,
            "metrics.loss IS NOT NULL": lambda r: "loss" in r.metrics,
            "metrics.score.min IS NOT NULL": lambda r: "score" in r.metrics,
            "end_time IS NULL": lambda r: r.end is None,
            "end_time IS NOT NULL AND status = 'FINISHED'": lambda r: r.end is not None and r.status == "FINISHED",
            "datasets.name IS NULL": lambda r: not r.datasets,
            "datasets.context IS NOT NULL": lambda r: any(context for _, _, context in r.datasets),
            "params.depth IS  NOT  NULL": lambda r: "depth" in r.params,
        },
    ),
    *_because(
        "IN compares every text, NOT goes before every word",
        {
            "params.model IN ('tree', 'forest')": lambda r: _model(r) in ("tree", "forest"),
            "params.model NOT IN ('tree', 'forest')": lambda r: (
                "model" in r.params and _model(r) not in ("tree", "forest")
            ),
            "params.depth in ('1','01',\"None\",)": lambda r: r.params.get("depth") in ("1", "01", "None"),
            "tags.team IN ('')": lambda r: r.tags.get("team") == "",
            "status IN ('FAILED', 'KILLED')": lambda r: r.status in ("FAILED", "KILLED"),
            "run_name NOT IN ('nan') AND start_time < 4": lambda r: r.name in ("empty", "nan-then-number"),
            "params.model NOT LIKE '%e%'": lambda r: "model" in r.params and "e" not in _model(r),
            "params.model NOT ILIKE 'TREE'": lambda r: "model" in r.params and _model(r).lower() != "tree",
            "datasets.name NOT LIKE 'i%'": lambda r: any(not name.startswith("i") for name in _names(r)),
        },
    ),
    *_because(
        _SPELLINGS,
        {
            "params.a/b = 'slash'": lambda r: r.name == "odd-keys",
            "params.a-b = 'dash'": lambda r: r.name == "odd-keys",
            "params.a:b = 'colon'": lambda r: r.name == "odd-keys",
            "metrics.val/loss > 0": lambda r: r.name == "odd-keys",
            "params.in = 'in'": lambda r: r.name == "odd-keys",
            "METRICS.loss < 0.1": lambda r: _loss(r) < 0.1,
            "Params.model = 'tree'": lambda r: _model(r) == "tree",
        },
    ),
    *_because(
        "a quote within quotes is written twice, or with a backslash before it",
        {
            "params.model = 'it''s'": lambda r: _model(r) == "it's",
            "params.model = 'it\\'s'": lambda r: _model(r) == "it's",
            'params.model = "say ""hi"""': lambda r: _model(r) == 'say "hi"',
        },
    ),
    *_because(
        "infinities are kept as they are",
        {
            "metrics.loss < 1e999": lambda r: _loss(r) < math.inf,
            "metrics.loss = inf": lambda r: _loss(r) == math.inf,
            "metrics.loss >= -Infinity": lambda r: _loss(r) >= -math.inf,
            "metrics.loss = -inf": lambda r: _loss(r) == -math.inf,
            "metrics.loss > 1.7976931348623157e308": lambda r: _loss(r) == math.inf,
        },
    ),
    *_because("ILIKE knows all letters", {"params.model ILIKE 'GRÖßE'": lambda r: _model(r) == "größe"}),
    *_because("a sign before a number", {"metrics.loss < +0.1": lambda r: _loss(r) < 0.1}),
    *_because("an empty filter", {"   ": lambda r: True, "\n\t": lambda r: True}),
    *_because(
        "MLflow reads half a filter",
        {
            "AND params.model = 'tree'": None,
            "params.model = 'tree' AND": None,
            "params.model = 'tree' params.depth = '3'": None,
            "params.model = 'tree' AND AND params.depth = '3'": None,
            "params. model = 'tree'": None,
            "metrics. = 1": None,
            "run_id IN ('a' 'b')": None,
        },
    ),
    *_because("MLflow fails", {"run_id IN (a)": None}),
    *_because("no column of the index", {"artifact_uri LIKE '%'": None}),
]


def _everything(reason: str, *order_by: str, rank: Callable[[RunData], Any]) -> Understood:
    return Understood(by(*order_by), reason, lambda run: True, rank)


def _placed(value: float | None) -> tuple[int, float]:
    """Numbers first, then NaN, then nothing."""
    return (2, 0) if value is None else (1, 0) if math.isnan(value) else (0, value)


def _of(run: RunData, key: str, summary: Callable[[RunData, str], float]) -> float | None:
    return summary(run, key) if key in run.metrics else None


def _negated(value: float | None) -> float | None:
    return None if value is None else -value


ORDERS = [
    _everything(
        _SUMMARIES,
        "metrics.loss.min",
        rank=lambda run: _placed(7.0 if run.name == "half" else _of(run, "loss", _least)),
    ),
    _everything(
        _SUMMARIES,
        "metrics.loss.max DESC",
        "run_name",
        rank=lambda run: (_placed(_negated(_of(run, "loss", _most))), run.name),
    ),
    _everything(_SUMMARIES, "metrics.score.mean", rank=lambda run: _placed(_of(run, "score", _mean))),
    _everything(
        _SUMMARIES,
        "metrics.acc.count DESC",
        "metrics.acc.min",
        rank=lambda run: (
            _placed(_negated(_of(run, "acc", lambda run, key: len(run.metrics[key])))),
            _placed(_of(run, "acc", _least)),
        ),
    ),
    _everything(_SPELLINGS, "metrics.val/loss", rank=lambda run: run.name != "odd-keys"),
    _everything(_SPELLINGS, "METRICS.loss", rank=lambda run: _placed(run.last("loss"))),
    _everything(_SPELLINGS, "attributes.`Run name`", rank=lambda run: run.name),
    _everything("spaces say nothing", "  start_time   ASC  ", rank=lambda run: run.start),
    _everything("the first of equal terms decides", "status", "status DESC", rank=lambda run: run.status),
]
_OF_MODELS = {name: tags for name, (tags, _) in MODELS.items()}
_VERSIONS = {
    f"{name}/{number}": (name, number, source, tags)
    for name, (_, versions) in MODELS.items()
    for number, (source, tags) in enumerate(versions, 1)
}
OTHERS: dict[str, list[Understood]] = {
    "experiments": _because(
        "more of the language",
        {
            "name = 'alpha' OR tags.team = 'blue'": lambda name: name in ("alpha", "Alpha"),
            "NOT tags.team = 'red'": lambda name: EXPERIMENTS.get(name, {}).get("team", "red") != "red",
            "(name LIKE 'a%' OR name LIKE 'A%') AND tags.stage IS NULL": lambda name: name == "Alpha",
            "name RLIKE '^delta.4$'": lambda name: name in ("delta_4", "delta-4"),
            "name IN ('alpha', 'beta')": lambda name: name in ("alpha", "beta"),
            "attributes.name = 'alpha'": lambda name: name == "alpha",
            "creation_time BETWEEN 0 AND 1": lambda name: False,
        },
    ),
    "registered_models": _because(
        "more of the language",
        {
            "name = 'tree' OR name = 'linear'": lambda name: name in ("tree", "linear"),
            "NOT name LIKE 't%'": lambda name: not name.startswith("t"),
            "tags.team IS NULL": lambda name: "team" not in _OF_MODELS[name],
            "NOT (tags.team = 'red' OR tags.team = '')": lambda name: (
                _OF_MODELS[name].get("team", "") not in ("red", "")
            ),
            "name RLIKE '[ _]'": lambda name: "_" in name or " " in name,
        },
    ),
    "model_versions": _because(
        "more of the language",
        {
            "name = 'tree' OR name = 'linear'": lambda key: _VERSIONS[key][0] in ("tree", "linear"),
            "name = 'tree' AND (version_number = 1 OR version_number = 3)": lambda key: key in ("tree/1", "tree/3"),
            "NOT name = 'tree'": lambda key: _VERSIONS[key][0] != "tree",
            "(name = 'tree' OR name = 'Tree') AND tags.q = 'good'": lambda key: key in ("tree/1", "Tree/1"),
            "(name = 'tree' AND tags.q = 'bad') OR source_path LIKE '%/e'": lambda key: key in ("tree/3", "linear/2"),
            "version_number BETWEEN 2 AND 3 AND name = 'tree'": lambda key: key in ("tree/2", "tree/3"),
            "tags.q IS NULL": lambda key: "q" not in _VERSIONS[key][3],
            "source_path RLIKE '^s3://there/[ac]$'": lambda key: _VERSIONS[key][2][-2:] in ("/a", "/c"),
        },
    ),
    "logged_models": _because(
        "more of the language",
        {
            "name = 'm-1' OR name = 'plain'": lambda name: name in ("m-1", "plain"),
            "NOT (metrics.acc > 0.6)": lambda name: name == "m-2",
            "params.depth IS NULL AND NOT name = 'plain'": lambda name: name == "M-1",
            "metrics.acc BETWEEN 0.7 AND 0.8": lambda name: name == "m-1",
            'tags."odd key" = "it\'s"': lambda name: name == "M-1",
            "metrics.loss IS NOT NULL": lambda name: any(m.name == name and "loss" in m.metrics for m in LOGGED_MODELS),
        },
    ),
}
UNDERSTOOD: dict[str, list[Understood]] = {"runs": [*RUNS, *ORDERS], **OTHERS}
