"""``%load_ext cloudtrack``: a cell that is a run, and the command line in the notebook's own process."""

from __future__ import annotations

import argparse
import ast
import contextlib
import shlex
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from cloudtrack.cli import main as command_line
from cloudtrack.errors import InvalidInput
from cloudtrack.fluent import session
from cloudtrack.fluent.active_runs import start_run
from cloudtrack.fluent.artifacts import log_text
from cloudtrack.fluent.searching import get_run

CELL_FILE = "cell.py"


def load(shell: Any) -> None:
    """Give an IPython shell the magics ``%%tracked`` and ``%cloudtrack``."""
    for kind, name, function in (("cell", "tracked", tracked), ("line", "cloudtrack", cloudtrack)):
        shell.register_magic_function(_with(shell, function), magic_kind=kind, magic_name=name)


def tracked(shell: Any, line: str, cell: str) -> None:
    """``%%tracked [NAME] [--experiment E] [--tag KEY=VALUE] [--nested]``: run the cell in a run, and show it.

    The run ends with the cell, FINISHED or FAILED, and keeps its source as ``cell.py``. An experiment that does not
    exist is made; the one in force stays in force.
    """
    options = _options(line)
    tags = dict(_pair(tag) for tag in options.tag)
    experiment_id = _experiment_id(options.experiment) if options.experiment else None
    with contextlib.ExitStack() as at_last:
        run = start_run(run_name=options.name, experiment_id=experiment_id, tags=tags, nested=options.nested)
        at_last.callback(lambda: _display(get_run(run.info.run_id)))
        with run:
            log_text(cell, CELL_FILE)
            _execute(shell, cell)


def cloudtrack(shell: Any, line: str) -> None:  # noqa: ARG001 - magics have it
    """``%cloudtrack runs list``: a command on the store in force; ``--store`` names another."""
    words = shlex.split(line)
    if not {"-s", "--store"} & set(words):
        words = ["--store", session.get_tracking_uri(), *words]
    before = sys.argv
    sys.argv = ["cloudtrack", *words]
    try:
        command_line.main()
    except SystemExit as end:
        if end.code:
            raise InvalidInput(f"%cloudtrack {line}: ended with exit code {end.code}") from None
    finally:
        sys.argv = before


def _with(shell: Any, function: Callable[..., None]) -> Callable[..., None]:
    def magic(*texts: str) -> None:
        function(shell, *texts)

    magic.__doc__ = function.__doc__
    return magic


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InvalidInput(f"%%tracked: {message}; {self.format_usage().strip()}")


def _options(line: str) -> argparse.Namespace:
    parser = _Parser(prog="%%tracked", add_help=False)
    parser.add_argument("name", nargs="?", default=None)
    parser.add_argument("--experiment", default=None)
    parser.add_argument("--tag", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--nested", action="store_true")
    return parser.parse_args(shlex.split(line))


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise InvalidInput(f"%%tracked: the tag {text!r} has no value: write --tag key=value")
    return key, value


def _experiment_id(name: str) -> str:
    found = session.get_experiment_by_name(name)
    return found.experiment_id if found is not None else session.create_experiment(name)


def _execute(shell: Any, cell: str) -> None:
    """Run a cell in the notebook's names, and show what its last line gives, as a cell does."""
    tree = ast.parse(shell.transform_cell(cell))
    file = shell.compile.cache(cell, shell.execution_count)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, file, "exec"), shell.user_ns)  # noqa: S102 - the user's own cell
    if isinstance(last, ast.Expr):
        value = eval(compile(ast.Expression(last.value), file, "eval"), shell.user_ns)  # noqa: S307 - the same
        if not cell.rstrip().endswith(";"):
            shell.displayhook(value)


def _display(run: Any) -> None:
    from IPython.display import display

    display(run)
