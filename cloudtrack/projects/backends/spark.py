"""Projects by ``spark-submit``, whose driver is on this machine.

The worker is what Spark starts. The project's program inherits the way to Spark from it, so that
``SparkSession.builder.getOrCreate()`` there is the session that was submitted.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from cloudtrack import config as settings
from cloudtrack.entities.run import RunStatus
from cloudtrack.errors import MissingDependency
from cloudtrack.projects.backends.backend import Backend, Job, Submission
from cloudtrack.projects.backends.configuration import Configuration, read_configuration
from cloudtrack.projects.backends.local import LocalSubmission, process_of, started_at
from cloudtrack.projects.logins import is_secret

_SCRIPT = Path(__file__).with_name("spark_script") / "cloudtrack_project.py"
_ENDED_BY_SIGNAL = (128 + signal.SIGTERM, 128 + signal.SIGKILL, 128 + signal.SIGINT)


class SparkConfiguration(Configuration):
    """What the backend spark is told."""

    secrets_go = "set it here: the driver has the variables of this process"

    master: str = Field(default="", description="spark://host:7077, yarn, k8s://..., local[4]; by default Spark's own")
    conf: dict[str, str] = Field(default={}, description="Spark's settings, a mapping of texts")
    jars: list[str] = Field(default=[], description="jars for driver and executors")
    packages: list[str] = Field(default=[], description="Maven coordinates of jars, group:artifact:version")
    py_files: list[str] = Field(default=[], description="Python files and zips for driver and executors")
    files: list[str] = Field(default=[], description="files for the executors")
    spark_submit: str = Field(default="", description="the program; by default SPARK_HOME's, or that of pyspark here")

    @field_validator("conf")
    @classmethod
    def _is_readable(cls, value: dict[str, str]) -> dict[str, str]:
        for name in value:
            if is_secret(name):
                raise ValueError(
                    f"{name} is a secret, which others see in a command line: set it in spark-defaults.conf"
                )
        if value.get("spark.submit.deployMode", "client") != "client":
            raise ValueError("spark.submit.deployMode must be client: the worker runs on this machine")
        return value


class SparkBackend(Backend):
    """Starts ``spark-submit`` as a process of its own session, which goes on when this one ends."""

    name = "spark"
    is_elsewhere = False

    def specification(self, job: Job, config: Mapping[str, Any]) -> dict[str, Any]:
        """The words of ``spark-submit``, the variables beside those of here, and the file for what it prints."""
        told = read_configuration(SparkConfiguration, self.name, config)
        lists = {"jars": told.jars, "packages": told.packages, "py-files": told.py_files, "files": told.files}
        python = {"PYSPARK_DRIVER_PYTHON": sys.executable}
        if (
            told.master.startswith("local") and "PYSPARK_PYTHON" not in settings.environment()
        ):  # where executors are elsewhere, theirs is the python of there
            python["PYSPARK_PYTHON"] = sys.executable
        return {
            "command": [
                *(_spark_submit(told.spark_submit), "--name", job.name),
                *(("--master", told.master) if told.master else ()),
                *("--deploy-mode", "client"),
                *(word for name, value in told.conf.items() for word in ("--conf", f"{name}={value}")),
                *(word for name, items in lists.items() if items for word in (f"--{name}", ",".join(items))),
                *(str(_SCRIPT), job.run_id),
                *([f"--folder={job.folder}"] if job.folder else ()),
                *([f"--remove={job.remove}"] if job.remove else ()),
            ],
            "environment": {**python, **job.environment, **told.environment},
            "log": str(settings.cache_dir() / "projects" / f"{job.run_id}.log"),
        }

    def launch(self, job: Job, specification: dict[str, Any]) -> Submission:  # noqa: ARG002 - it is all in there
        """Start it."""
        log = Path(specification["log"])
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as stream:
            process = subprocess.Popen(  # noqa: S603 - no shell, our own words
                specification["command"],
                env={**settings.environment(), **specification["environment"]},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return SparkSubmission(log, process.pid, started_at(process.pid), process)

    def find(self, handle: str) -> Submission:
        """A driver of this machine. Raises NotFound for one of another."""
        process, _, log = handle.partition(" ")
        return SparkSubmission(Path(log), *process_of(process))


class SparkSubmission(LocalSubmission):
    """A driver of this machine: Spark's process, which starts the worker and ends as it does."""

    def __init__(self, log: Path, number: int, started: str, process: subprocess.Popen[bytes] | None = None) -> None:
        super().__init__(number, started, process)
        self._log = log
        self.handle = f"{self.handle} {log}"

    def status(self) -> str:
        """As of a local process; Spark says by its exit code that a signal ended it."""
        if self._process is not None and self._process.poll() in _ENDED_BY_SIGNAL:
            return RunStatus.KILLED
        return super().status()

    def logs(self) -> Iterator[str]:
        """What Spark, the worker and the program printed."""
        if self._log.exists():
            with self._log.open(encoding="utf-8", errors="replace") as stream:
                yield from (line.rstrip("\n") for line in stream)

    def cancel(self) -> None:
        """Ask the worker to end its program, to which Spark is there until then; Spark itself before it is there."""
        if not self._is_alive():
            return
        self._is_cancelled = True
        for number in _others_of_group(self._number) or [self._number]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGTERM)


def _others_of_group(leader: int) -> list[int]:
    """The processes of a group but for its leader."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended since
            state, _, group, *_ = (place / "stat").read_text().rpartition(")")[2].split()
            if int(group) == leader != int(place.name) and state != "Z":
                found.append(int(place.name))
    return found


def _spark_submit(named: str) -> str:
    """The program: named, of SPARK_HOME, on the PATH, or of the pyspark beside this interpreter."""
    home = settings.environment().get("SPARK_HOME")
    places = [named, f"{home}/bin/spark-submit" if home else "", "spark-submit"]
    found = next((path for place in places if place and (path := shutil.which(place))), None)
    if found is None and not named:
        found = shutil.which("spark-submit", path=str(Path(sys.executable).parent))
    if found is None:
        raise MissingDependency(
            f"there is no {named or 'spark-submit'}: pip install 'cloudtrack[spark]', or set SPARK_HOME, or name it as "
            "'spark_submit' in the backend's configuration"
        )
    return found
