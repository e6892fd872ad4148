"""The process that executes a project's run: ``python -m cloudtrack.projects.worker RUN``.

The store is named by ``CLOUDTRACK_URI``. Its exit code is the command's; 1 where the command never ran.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
from pathlib import Path

from cloudtrack.client import AnyClient, connect
from cloudtrack.errors import CloudtrackError
from cloudtrack.projects.execution import execute
from cloudtrack.projects.program import Program
from cloudtrack.projects.secret_variables import set_secrets
from cloudtrack.tracking.console_writer import ConsoleWriter


class _Output:
    """Standard output, and the console log of the run."""

    def __init__(self, console: ConsoleWriter) -> None:
        self._console = console

    def write(self, data: bytes) -> None:
        with contextlib.suppress(OSError):  # whoever looked on has gone; the program goes on
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        self._console.write(data)

    def close(self) -> None:
        self._console.close()


def main() -> int:
    """Execute the run that the command line names."""
    parser = argparse.ArgumentParser(prog="cloudtrack.projects.worker")
    parser.add_argument("run_id")
    parser.add_argument("--folder", type=Path, help="where the code is already")
    parser.add_argument("--remove", type=Path, help="a folder to remove at the end")
    arguments = parser.parse_args()
    program = Program()
    program.listen()
    client: AnyClient | None = None
    try:
        set_secrets()
        client = connect(create=False)
        output = _Output(ConsoleWriter(client.console, arguments.run_id))
        return execute(client, arguments.run_id, program, output, arguments.folder)
    except CloudtrackError as error:
        print(f"Error: {error.message}", file=sys.stderr)
        return 1
    finally:
        if client:
            client.close()
        if arguments.remove:
            shutil.rmtree(arguments.remove, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
