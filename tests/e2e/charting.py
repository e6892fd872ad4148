"""Runs with metrics of every kind that a chart must show: long, broken, irregular, many."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from io import BytesIO

from cloudtrack.client import Client
from cloudtrack.entities.run import Metric
from tests.e2e.filling import png

BEGAN_MS = 1_750_000_000_000
LONG = 40_000
SPIKE = 20_123
KINDS = 3
MANY, MANY_POINTS = 100, 500
WIDE = 1000
_AT_ONCE = 10_000


@dataclass
class Charted:
    """Experiments by name, and the runs of each in the order they were made."""

    experiments: dict[str, str] = field(default_factory=dict)
    runs: dict[str, list[str]] = field(default_factory=dict)


def loss(run: int, step: int) -> float:
    """What is logged as ``loss``: every one apart from the others."""
    return (run + 1) * math.exp(-step / 40) + 0.1 * run


def acc(run: int, step: int) -> float:
    """What is logged as ``acc``, wavy enough for smoothing to show."""
    return 0.5 + step / 400 + 0.05 * math.sin(step * (run + 1))


STEPS = [*range(0, 50), *range(50, 100, 5)]
"""Of ``loss`` and ``acc``: the second half in steps of five."""


def fill_charts(url: str) -> Charted:
    """Experiments ``kinds``, ``many`` and ``wide``."""
    client = Client(url)
    done = Charted()
    for name in ("kinds", "many", "wide"):
        done.experiments[name] = client.experiments.create(name)
        done.runs[name] = []
    for number in range(KINDS):
        _add(client, done, "kinds", number, _kinds(number))
    for number in range(MANY):
        points = [
            Metric("curve", math.sin(step / 50 + number / 9) + number / 10, BEGAN_MS + step, step)
            for step in range(MANY_POINTS)
        ]
        _add(client, done, "many", number, points)
    points = [
        Metric(f"group{n % 10}/m{n:04d}", n + step, BEGAN_MS + step, step) for n in range(WIDE) for step in range(2)
    ]
    _add(client, done, "wide", 0, points)
    client.close()
    return done


def _kinds(run: int) -> list[Metric]:
    began = BEGAN_MS + run * 3_600_000
    points = [Metric("loss", loss(run, step), began + step * 1000, step) for step in STEPS]
    points += [Metric("acc", acc(run, step), began + step * 1000, step) for step in STEPS]
    points += [Metric("signed", step - 5.0, began + step, step) for step in range(20)]
    points += [Metric("final", 0.5 + run / 10, began, 0)]
    odd = [1.0, math.nan, 2.0, math.inf, -math.inf, 3.0, math.nan]
    points += [Metric("odd", value, began + step, step) for step, value in enumerate(odd)]
    if run == 0:
        points += [Metric("mixed", float(step), began + step, step) for step in range(9)]
        points += [
            Metric("long", 1000.0 if step == SPIKE else math.sin(step / 900), began + step, step)
            for step in range(LONG)
        ]
    if run == 1:
        points += [Metric("mixed", 4.0, began, 0)]
    return points


def _add(client: Client, done: Charted, experiment: str, number: int, points: list[Metric]) -> None:
    run_id = client.runs.create(
        done.experiments[experiment], run_name=f"run-{number}", start_time=BEGAN_MS + number
    ).info.run_id
    params = {"lr": 10.0 ** -(number % 3), "number": number}
    client.runs.log_batch(run_id, metrics=points[:_AT_ONCE], params=params)
    for start in range(_AT_ONCE, len(points), _AT_ONCE):
        client.runs.log_batch(run_id, metrics=points[start : start + _AT_ONCE])
    if experiment == "kinds":
        for step in (0, 10):
            path = f"images/val#sample%step%{step}%timestamp%{BEGAN_MS}.png"
            client.artifacts.upload(run_id, BytesIO(png(8 + step, 8, step)), path)
    client.runs.update(run_id, status="FINISHED", end_time=BEGAN_MS + 60_000 + number)
    done.runs[experiment].append(run_id)
