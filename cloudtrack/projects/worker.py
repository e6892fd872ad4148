"""The process that executes a project's run: ``python -m cloudtrack.projects.worker RUN``.

The store is named by ``CLOUDTRACK_URI``. Its exit code is the command's; 1 where the command never ran.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from cloudtrack.client import AnyClient, connect
from cloudtrack.errors import CloudtrackError
from cloudtrack.projects.execution import execute
from cloudtrack.projects.program import Program
from cloudtrack.projects.secret_variables import set_secrets
from cloudtrack.tracking.console_writer import ConsoleWriter


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
    console: ConsoleWriter | None = None

    def show(chunk: bytes) -> None:
        sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
        if console:
            console.write(chunk)

    try:
        set_secrets()
        client = connect(create=False)
        console = ConsoleWriter(client.console, arguments.run_id)
        return execute(client, arguments.run_id, program, show, arguments.folder)
    except CloudtrackError as error:
        show(f"Error: {error.message}\n".encode())
        return 1
    finally:
        if console:
            console.close()
        if client:
            client.close()
        if arguments.remove:
            shutil.rmtree(arguments.remove, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
