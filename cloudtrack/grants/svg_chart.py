"""A metric as a small picture in SVG: attributes alone, no style and no script."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

_WIDTH, _HEIGHT, _PAD = 320, 96, 6


def svg_chart(label: str, x: Sequence[float], values: Sequence[float]) -> str:
    """A line through finite points in order of x; a dot for a single one, an empty picture for none."""
    points = [(at, value) for at, value in zip(x, values, strict=True) if math.isfinite(value)]
    head = f'<svg width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">'
    frame = f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#f6f7f9"/>'
    return f"{head}<title>{escape(label)}</title>{frame}{_drawn(points)}</svg>"


def _drawn(points: Sequence[tuple[float, float]]) -> str:
    if not points:
        return ""
    places = list(
        zip(
            _scaled([at for at, _ in points], _PAD, _WIDTH - _PAD),
            _scaled([value for _, value in points], _HEIGHT - _PAD, _PAD),
            strict=True,
        )
    )
    if len(places) == 1:
        return f'<circle cx="{places[0][0]:.1f}" cy="{places[0][1]:.1f}" r="3" fill="#2563c9"/>'
    path = " ".join(f"{across:.1f},{down:.1f}" for across, down in places)
    return f'<polyline points="{path}" fill="none" stroke="#2563c9" stroke-width="1.5"/>'


def _scaled(numbers: Sequence[float], start: float, end: float) -> list[float]:
    """Numbers between their least and greatest as places between start and end; in the middle where all are one."""
    least, greatest = min(numbers), max(numbers)
    width = greatest / 2 - least / 2  # halves: the difference of two doubles may be none
    if not width > 0:
        return [(start + end) / 2] * len(numbers)
    return [start + (end - start) * ((number / 2 - least / 2) / width) for number in numbers]
