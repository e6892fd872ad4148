"""``cloudtrack fsck``, ``cloudtrack gc`` and ``cloudtrack cost``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from cloudtrack.cli import output
from cloudtrack.cli.state import store_client
from cloudtrack.errors import InvalidInput
from cloudtrack.maintenance.collecting import Collected, Garbage
from cloudtrack.maintenance.fsck_finding import Severity
from cloudtrack.maintenance.gc_plan import Candidate, Kind
from cloudtrack.maintenance.price import USD_PER_GIB_MONTH, usd_a_month

Price = Annotated[float, typer.Option("--price", help="USD for a GiB a month. Default: S3 Standard in us-east-1.")]
_UNITS_MS = {"h": 3_600_000, "d": 24 * 3_600_000, "w": 7 * 24 * 3_600_000}
_DURATION = re.compile(r"(\d{1,6})([hdw])")


def fsck(
    deep: Annotated[
        bool, typer.Option("--deep", help="Read all points and files of versions, and compare every index.")
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Make what is derived anew; the truth is not touched.")
    ] = False,
    as_json: output.JsonOption = False,
) -> None:
    """Look at everything in the store, and name what is wrong. Exit code 1 where something is damaged."""
    checks = store_client().fsck
    report = (checks.repair if repair else checks.check)(
        deep=deep, progress=lambda objects: output.count("objects looked at", objects)
    )
    if as_json:
        output.show_json(
            {
                "objects": report.objects,
                "damaged": report.damaged,
                "repaired": report.repaired,
                "findings": [finding.as_dict() for finding in report.findings],
            }
        )
    else:
        order = [*Severity]
        findings = sorted(report.findings, key=lambda each: (order.index(each.severity), each.kind, each.key))
        rows = [(each.severity, each.kind, each.key, each.problem, each.advice) for each in findings]
        columns = ("", "what", "where", "problem", "what to do")
        output.show_table("Findings", columns, rows, empty=f"{report.objects} objects, and nothing is wrong")
        for place in report.repaired:
            output.say(f"made anew: {place}")
    if report.damaged:
        raise typer.Exit(1)


def gc(
    apply: Annotated[
        bool, typer.Option("--apply", help="Remove what is due, and note the rest for a later call.")
    ] = False,
    grace: Annotated[str, typer.Option("--grace", help="How long what is found is left alone: 7d, 48h.")] = "7d",
    retention: Annotated[str, typer.Option("--retention", help="How long the trash is kept.")] = "30d",
    price: Price = USD_PER_GIB_MONTH,
    as_json: output.JsonOption = False,
) -> None:
    """Show what nothing needs any more, and what that costs; with --apply, remove it in two calls or more."""
    garbage = store_client().garbage
    grace_ms, retention_ms = _milliseconds(grace), _milliseconds(retention)
    if apply:
        _show_done(garbage.collect(grace_ms=grace_ms, retention_ms=retention_ms), price, as_json)
    else:
        _show_found(garbage.look(grace_ms=grace_ms, retention_ms=retention_ms), price, as_json)


def cost(price: Price = USD_PER_GIB_MONTH, as_json: output.JsonOption = False) -> None:
    """Show how many bytes each experiment, the registry and the indexes have, and what they cost a month."""
    found = store_client().costs.read()
    if as_json:
        usd = {"usd_a_month": usd_a_month(found.total.size_bytes, price)}
        output.show_json({**found.as_dict(), **usd, "usd_a_month_trash": usd_a_month(found.trash.size_bytes, price)})
        return
    rows = [
        (
            name or "(without a document)",
            part,
            usage.objects,
            output.size(usage.size_bytes),
            _usd(usage.size_bytes, price),
        )
        for name, parts in [
            *((each.name or each.experiment_id, {"": each.total, **each.parts}) for each in found.experiments),
            *((name, {"": usage}) for name, usage in sorted(found.others.items())),
            ("in all", {"": found.total}),
            ("in the trash", {"": found.trash}),
        ]
        for part, usage in parts.items()
    ]
    output.show_table("Storage", ("of", "part", "objects", "size", "USD a month"), rows, empty="")


def _show_found(found: Garbage, price: float, as_json: bool) -> None:
    states = {"due": found.due, "waiting": found.waiting, "new": found.new, "named": found.named}
    if as_json:
        tables = {state: _by_kind(some, price) for state, some in states.items()}
        output.show_json({**tables, "held": found.held, "left": found.left})
        return
    words = {
        "due": "removed by --apply now",
        "waiting": "noted, in its grace",
        "new": "noted by --apply",
        "named": "condemned by --apply, then noted",
    }
    rows = [(words[state], *row.values()) for state, some in states.items() for row in _rows(some, price)]
    columns = ("what --apply does", "of", "objects", "size", "USD a month")
    output.show_table("Garbage", columns, rows, empty="there is no garbage that is old enough")
    _show_held(found.held)
    if found.left:
        output.complain(f"{found.left}: see `cloudtrack fsck`")


def _show_done(done: Collected, price: float, as_json: bool) -> None:
    states = {"removed": done.removed, "noted": done.noted, "condemned": done.condemned}
    if as_json:
        output.show_json({**{state: _by_kind(some, price) for state, some in states.items()}, "held": done.held})
        return
    rows = [(state, *row.values()) for state, some in states.items() for row in _rows(some, price)]
    output.show_table("Garbage", ("", "of", "objects", "size", "USD a month"), rows, empty="nothing was to be done")
    _show_held(done.held)


def _show_held(held: dict[str, str]) -> None:
    for key, reason in sorted(held.items()):
        output.say(f"stays in the trash: {key.removesuffix('.json')}: {reason}")


def _rows(some: Iterable[Candidate], price: float) -> list[dict[str, Any]]:
    return [
        {
            "kind": each["kind"],
            "objects": each["objects"],
            "size": output.size(each["size_bytes"]),
            "usd": f"{each['usd_a_month']:.4f}",
        }
        for each in _by_kind(some, price)
    ]


def _by_kind(some: Iterable[Candidate], price: float) -> list[dict[str, Any]]:
    found: dict[Kind, list[Candidate]] = {}
    for each in some:
        found.setdefault(each.kind, []).append(each)
    return [
        {
            "kind": kind,
            "objects": sum(each.objects for each in found[kind]),
            "size_bytes": (size := sum(each.size_bytes for each in found[kind])),
            "usd_a_month": usd_a_month(size, price),
        }
        for kind in Kind
        if kind in found
    ]


def _usd(size_bytes: int, price: float) -> str:
    return f"{usd_a_month(size_bytes, price):.4f}"


def _milliseconds(text: str) -> int:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise InvalidInput(f"{text!r} is no time: write 7d, 48h or 2w")
    return int(match[1]) * _UNITS_MS[match[2]]
