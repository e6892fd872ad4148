"""What MLflow's calls give on a store and not on sqlite, on purpose, and why."""

from __future__ import annotations

from typing import Any

MORE_IS_KNOWN = {
    "user_id": "the registry knows who registered a version",
    "aliases": "a version of a model says its aliases, also where the model is asked for",
    "model_id": "a version that came from a logged model says so, however it was registered",
}
"""Fields that sqlite leaves empty."""

LARGEST = 1.7976931348623157e308
"""What sqlite keeps of an infinity, which a store keeps itself."""

OTHERWISE = {
    "cut": (6000, 7000, "params have up to 64 KiB; sqlite cuts them"),
    "a history of no run": ([], "raises RESOURCE_DOES_NOT_EXIST", "a run that is not there has no metrics to read"),
    "runs where params.p = 'a' or params.p = 'b'": (
        "raises INVALID_PARAMETER_VALUE",
        ["run 6", "run 4", "run 3", "run 1", "run 0"],
        "filters may say OR",
    ),
    "metric of no model": ("raises BAD_REQUEST", "raises RESOURCE_DOES_NOT_EXIST", "the code says what is missing"),
    "archiving": ("raises INTERNAL_ERROR", "raises INVALID_PARAMETER_VALUE", "it is the caller's mistake"),
    "no results asked for, of models": ([], "raises INVALID_PARAMETER_VALUE", "as for every other search"),
    "versions of the logged model": (
        '[{"name": "m", "version": 1}, {"name": "m", "version": 2}]',
        '[{"name": "m", "version": 1}, {"name": "m", "version": 2}, {"name": "copied", "version": 1}, '
        '{"name": "m2", "version": 4}]',
        "every version that came from a logged model is noted on it",
    ),
}
"""By the title of the note: what sqlite gives, what a store gives, and why."""


def unexpected(on_sqlite: list[Any], on_store: list[Any]) -> list[Any]:
    """Notes that differ and are not explained."""
    found = []
    for before, after in zip(on_sqlite, on_store, strict=True):
        title = before[0]
        explained = title in OTHERWISE and OTHERWISE[title][:2] == (before[1], after[1])
        if title != after[0] or not (explained or _alike(before[1], after[1])):
            found.append((before, after))
    return found


def _alike(before: Any, after: Any, key: str = "") -> bool:
    if before in (None, []) and key in MORE_IS_KNOWN:
        return True
    if after in ("inf", "-inf"):
        return bool(before == LARGEST * float(f"{after[:-3]}1"))
    if isinstance(before, dict) and isinstance(after, dict):
        return before.keys() == after.keys() and all(_alike(before[name], after[name], name) for name in before)
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(map(_alike, before, after))
    return bool(before == after)
