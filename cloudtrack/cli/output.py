"""The only printer: tables for people, JSON for programs, one line for an error."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from typing import Annotated, Any

import typer

from cloudtrack import clock

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def clean(value: Any) -> str:
    """Text that cannot steer a terminal."""
    return _CONTROL.sub("�", "" if value is None else str(value))


def show_json(value: Any) -> None:
    """One JSON document on standard output; NaN and infinities as text."""
    print(json.dumps(_plain(value), indent=2, ensure_ascii=False, default=str))


def show_json_line(value: Any) -> None:
    """The same in one line, at once."""
    print(json.dumps(_plain(value), ensure_ascii=False, default=str), flush=True)


def show_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, empty: str) -> None:
    """A table; ``empty`` is the line shown where there are no rows."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    if not rows:
        print(empty)
        return
    table = Table(title=escape(clean(title)), title_justify="left", header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column == columns[0])
    for row in rows:
        table.add_row(*(escape(clean(cell)) for cell in row))
    Console().print(table)


def show_fields(fields: Mapping[str, Any]) -> None:
    """Names and values, one a line."""
    width = max((len(name) for name in fields), default=0)
    for name, value in fields.items():
        print(f"{name:<{width}}  {clean(value)}")


def say(line: str) -> None:
    """A line on standard output."""
    print(clean(line), flush=True)


def complain(line: str) -> None:
    """A line on standard error."""
    print(clean(line), file=sys.stderr)


def time(timestamp_ms: int | None) -> str:
    """An instant for people, in UTC."""
    return clock.format_ms(timestamp_ms)[:19].replace("T", " ") if timestamp_ms else ""


def number(value: float) -> str:
    """A metric's value for people."""
    return f"{value:.6g}"


def size(size_bytes: int | None) -> str:
    """A size for people."""
    amount = float(size_bytes or 0)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


def end_count() -> None:
    """Take the line of ``count`` away."""
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def count(label: str, number: int) -> None:
    """How far something is, on a terminal's standard error, over the line before."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{number} {label} ", end="", file=sys.stderr, flush=True)


@contextmanager
def progress(label: str, total_bytes: int | None) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error; the function it gives is called with numbers of bytes."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(clean(label), total=total_bytes)
        yield lambda moved: bar.advance(task, moved)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
