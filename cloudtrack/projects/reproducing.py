"""Running a project's run again, and saying whether it came out the same.

What is rebuilt: the code (its archive, or commit and patch), the values, and the environment with the very packages
that the run had. What is looked at before: that the files which parameters name are those of then.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from cloudtrack.client import AnyClient
from cloudtrack.entities.run import Run, RunStatus
from cloudtrack.environments.installed import Installed
from cloudtrack.environments.manager import EnvironmentManager
from cloudtrack.errors import StateError
from cloudtrack.projects.backends.local import SHOW_OUTPUT
from cloudtrack.projects.evidence import evidence_of
from cloudtrack.projects.execution import fetch_code
from cloudtrack.projects.image_environment import DIGEST_TAG
from cloudtrack.projects.kept_code import KeptCode, Origin
from cloudtrack.projects.launching import launch
from cloudtrack.projects.parameters import InputFile, digest_of, local_path, placed
from cloudtrack.projects.planning import Request
from cloudtrack.projects.project_file import read_project
from cloudtrack.projects.record import FOLDER, ProjectRecord, read_record
from cloudtrack.projects.running import ExecutionException
from cloudtrack.projects.verdict import Verdict, compare
from cloudtrack.tracking.source_files import PACKAGES

VERDICT = f"{FOLDER}/verdict.json"
REPEATS_TAG, OUTCOME_TAG = "cloudtrack.reproduces", "cloudtrack.reproduction"
REPEATED_BY_TAG = "cloudtrack.reproduced_by"


def reproduce(
    client: AnyClient,
    run_id: str,
    *,
    rtol: float = 1e-9,
    atol: float = 0.0,
    ignored: Iterable[str] = (),
    manager: EnvironmentManager | None = None,
    shows_output: bool = False,
) -> Verdict:
    """Run a project's run again on this machine, and judge it; the verdict is kept with both runs.

    The environment is made anew from the packages that the run had, unless they are those of this machine;
    ``manager`` LOCAL takes what is here. Tolerances and ``ignored`` are those of ``compare``.

    Raises StateError naming what changed: an input, a dataset, the image; also for a run that did not finish. Raises
    NotFound for a run that was not launched as a project, ExecutionException where it does not finish this time.
    """
    run, record = client.runs.get(run_id), read_record(client, run_id)
    if run.info.status != RunStatus.FINISHED:
        raise StateError(f"run {run_id} is {run.info.status}: only a run that finished can be done again and compared")
    before = evidence_of(client, run)
    with tempfile.TemporaryDirectory(prefix="cloudtrack-reproduction-") as scratch:
        folder = fetch_code(client, run_id, record, Path(scratch) / "code")
        check_inputs(record.inputs, folder)
        entry_point = read_project(folder).entry_point(record.entry_point)
        submitted = launch(
            client,
            Request(
                uri=record.uri,
                entry_point=record.entry_point,
                parameters=placed(entry_point, record.values, folder),
                docker_arguments=record.docker_arguments,
                is_image_built=record.is_image_built,
                docker_image=run.data.tags.get(DIGEST_TAG, ""),
                experiment_id=run.info.experiment_id,
                backend_config={SHOW_OUTPUT: shows_output},
                manager=manager or record.manager,
                lock=None if manager == EnvironmentManager.LOCAL else _installed(client, run),
                run_name=f"{run.info.run_name}-again",
                tags={REPEATS_TAG: run_id},
                kept=KeptCode(_origin(run, record), folder),
            ),
        )
        is_finished = submitted.wait_or_cancel()
    again = client.runs.get(submitted.run_id)
    if not is_finished:
        raise ExecutionException(f"run {again.info.run_id}, which repeats {run_id}, ended {again.info.status}")
    check_datasets(run, again)
    verdict = compare(before, evidence_of(client, again), rtol=rtol, atol=atol, ignored=ignored)
    verdict = verdict.model_copy(update={"run_id": run_id, "repeated_by": again.info.run_id})
    client.artifacts.log_text(again.info.run_id, verdict.model_dump_json(indent=2), VERDICT)
    client.runs.log_batch(again.info.run_id, tags={OUTCOME_TAG: verdict.outcome})
    client.runs.log_batch(run_id, tags={OUTCOME_TAG: verdict.outcome, REPEATED_BY_TAG: again.info.run_id})
    return verdict


def check_inputs(inputs: Iterable[InputFile], folder: Path) -> None:
    """Raises StateError naming the first file that parameters name and that is not what it was.

    Relative paths are of the code in ``folder``.
    """
    for file in inputs:
        path = local_path(file.uri)
        path = path and folder / path
        if path is None or not path.exists():
            raise StateError(f"the input {file.parameter!r} of the run is gone: there is no {file.uri} on this machine")
        digest, size = digest_of(path)
        if digest != file.sha256:
            raise StateError(
                f"the input {file.parameter!r} of the run has changed: {file.uri} had SHA-256 {file.sha256} "
                f"({file.size_bytes} bytes), and has {digest} ({size} bytes)"
            )


def check_datasets(before: Run, after: Run) -> None:
    """Raises StateError naming the first dataset that the program logged and that is not what it was."""
    found = {use.dataset.name: use.dataset.digest for use in after.inputs.dataset_inputs}
    for use in before.inputs.dataset_inputs:
        name, digest = use.dataset.name, use.dataset.digest
        if found.get(name) != digest:
            now = f"has {found[name]}" if name in found else "is not there"
            raise StateError(f"the dataset {name!r} of the run has changed: it had the digest {digest}, and now {now}")


def _installed(client: AnyClient, run: Run) -> Installed | None:
    python, packages = run.data.tags.get("cloudtrack.python"), client.source_files.read(run.info.run_id, PACKAGES)
    return Installed(python, packages.decode()) if python and packages is not None else None


def _origin(run: Run, record: ProjectRecord) -> Origin:
    tags = {key: value for key, value in run.data.tags.items() if key.startswith(("mlflow.source.", "cloudtrack.git."))}
    return Origin(**record.code(), tags=tags)
