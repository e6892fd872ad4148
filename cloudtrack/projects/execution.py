"""Executing a run's project on this machine: its code, its environment, its command, its end."""

from __future__ import annotations

import contextlib
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from cloudtrack.client import AnyClient
from cloudtrack.entities.run import RunStatus
from cloudtrack.environments.installed import Installed
from cloudtrack.errors import AlreadyExists, CloudtrackError, InvalidInput
from cloudtrack.projects import sources
from cloudtrack.projects.backends.local import this_process
from cloudtrack.projects.bridging import bridged
from cloudtrack.projects.command import command_of
from cloudtrack.projects.environments import environment_of, prepare_locked
from cloudtrack.projects.image_environment import end_container, prepare_image
from cloudtrack.projects.parameters import local_path, placed
from cloudtrack.projects.program import Program
from cloudtrack.projects.project_file import EntryPoint, read_project
from cloudtrack.projects.record import ProjectRecord, fetch_archive, read_record
from cloudtrack.storage.places import reading
from cloudtrack.tracking.source_files import PACKAGES, PATCH

WORKER_TAG = "cloudtrack.project.worker"
"""The process that executes a run, as the local backend's handle."""


class Output(Protocol):
    """Where what a program prints goes."""

    def write(self, data: bytes) -> None:
        """Pass on what was printed."""

    def close(self) -> None:
        """Return when all of it is kept."""


def execute(client: AnyClient, run_id: str, program: Program, output: Output, folder: Path | None = None) -> int:
    """Run a project's command and end its run; the exit code of the command.

    ``folder`` has the code where it is here already; otherwise it comes from the run's archive, or from its
    repository. What goes wrong before the program runs is said in the output, the exit code is 1, and the run FAILED; a
    program that was ended from outside makes it KILLED. The output is closed before the run ends, so that who follows
    the run sees all of it.
    """
    record = read_record(client, run_id)
    writer = client.runs.open_writer(run_id)  # it says every half minute that the run goes on
    writer.set_tags({"cloudtrack.host": socket.gethostname(), WORKER_TAG: this_process()})
    exit_code = 1
    try:
        with tempfile.TemporaryDirectory(prefix="cloudtrack-project-") as scratch:
            code = folder or fetch_code(client, run_id, record, Path(scratch) / "code")
            with _prepared(client, run_id, record, code, Path(scratch)) as (words, variables):
                exit_code = program.run(words, code, variables, output.write)
    except CloudtrackError as error:
        output.write(f"Error: {error.message}\n".encode())
    finally:
        status = RunStatus.FAILED if exit_code else RunStatus.FINISHED
        writer.detach()
        output.close()
        _end(client, run_id, RunStatus.KILLED if program.was_ended else status)
    return exit_code


def fetch_code(client: AnyClient, run_id: str, record: ProjectRecord, target: Path) -> Path:
    """The project's folder as it was launched, below ``target``: from its archive, or from its repository."""
    target.mkdir(parents=True)
    if record.archive:
        sources.unpack(fetch_archive(client, record.archive, target.with_name("archive")), target)
        return target
    if record.repository:
        uri = record.repository + (f"#{record.subdirectory}" if record.subdirectory else "")
        folder = sources.fetch(uri, target, record.commit).folder
        if record.is_dirty:
            sources.apply_patch(target, client.source_files.read(run_id, PATCH) or b"")
        return folder
    raise InvalidInput("the run has neither an archive of its code nor a repository: it can be run where it was only")


@contextlib.contextmanager
def _prepared(
    client: AnyClient, run_id: str, record: ProjectRecord, folder: Path, scratch: Path
) -> Iterator[tuple[list[str], dict[str, str]]]:
    """The words and variables of the program; its environment is made, and written down."""
    project = read_project(folder)
    entry_point = project.entry_point(record.entry_point)
    inputs = Path(record.storage_dir) / run_id if record.storage_dir else scratch / "inputs"
    environment = environment_of(project, record.manager)
    values = _fetched(entry_point, record.values, inputs)
    if not environment.docker:  # in an image the code is elsewhere
        values = placed(entry_point, values, folder)
    declared = {name: text for name, text in values.items() if name in entry_point.parameters}
    extra = {name: text for name, text in values.items() if name not in entry_point.parameters}
    words = command_of(entry_point.command, declared, extra)
    experiment_id = client.runs.get(run_id).info.experiment_id
    variables = {
        "CLOUDTRACK_URI": client.address,
        "CLOUDTRACK_RUN_ID": run_id,
        "CLOUDTRACK_EXPERIMENT": "",
        "CLOUDTRACK_CONSOLE": "",  # what it prints is kept from here
        "MLFLOW_RUN_ID": run_id,
        "MLFLOW_EXPERIMENT_ID": experiment_id,
    }
    image = prepare_image(environment.docker, record, folder) if environment.docker else None
    if image:
        client.runs.log_batch(run_id, tags=image.tags())
    prepared = image or (prepare_locked(record.lock, folder) if record.lock else environment.prepare())
    installed = prepared.installed()
    _note_installed(client, run_id, installed)
    with bridged(client.address, installed.packages) as reaching:
        variables = {**prepared.variables(), **variables, **reaching}
        if image is None:
            yield words, variables
            return
        mounted = [path for name in declared if (path := _local_input(entry_point, name, declared[name]))]
        try:
            yield image.command(run_id, words, folder, mounted, store=client.address, named=list(variables)), variables
        finally:
            end_container(run_id)


def _note_installed(client: AnyClient, run_id: str, installed: Installed) -> None:
    """Write down what the program's Python has; a run that is executed once more keeps what it had first."""
    if installed.python:
        client.runs.log_batch(run_id, tags={"cloudtrack.python": installed.python})
        with contextlib.suppress(AlreadyExists):
            client.source_files.create(run_id, PACKAGES, installed.packages.encode())


def _fetched(entry_point: EntryPoint, values: Mapping[str, str], target: Path) -> dict[str, str]:
    """The values, where what the type path names elsewhere is a file of this machine."""
    found = dict(values)
    for name, parameter in entry_point.parameters.items():
        if parameter.type == "path" and local_path(values[name]) is None:
            file = target / name / (values[name].rstrip("/").rpartition("/")[2] or name)
            file.parent.mkdir(parents=True)
            with reading(values[name]) as stream, file.open("wb") as copy:
                shutil.copyfileobj(stream, copy, 1 << 20)
            found[name] = str(file)
    return found


def _local_input(entry_point: EntryPoint, name: str, value: str) -> Path | None:
    """The file or folder of this machine that a parameter names."""
    path = local_path(value) if entry_point.parameters[name].type in ("path", "uri") else None
    return path.absolute() if path and path.exists() else None


def _end(client: AnyClient, run_id: str, status: str) -> None:
    """End the run; what the program said of its own end stays where it ended well."""
    said = client.runs.get(run_id).info.status
    if said != status and not (status == RunStatus.FINISHED and RunStatus.is_terminated(said)):
        client.runs.update(run_id, status=status)
