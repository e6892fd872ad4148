"""Launching a project: its code is found, its run recorded, and the job handed to a backend."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cloudtrack.client import AnyClient
from cloudtrack.entities.run import RunStatus
from cloudtrack.errors import InvalidInput
from cloudtrack.projects import record as records
from cloudtrack.projects.archive import pack
from cloudtrack.projects.backends.backend import open_backend
from cloudtrack.projects.command import shown
from cloudtrack.projects.kept_code import KeptCode
from cloudtrack.projects.planning import Request, job_of, plan_of
from cloudtrack.projects.record import CodeArchive
from cloudtrack.projects.recording import BACKEND_TAG, create_run, origin_of, record_run
from cloudtrack.projects.sources import unpack
from cloudtrack.projects.submitted import SubmittedRun

HANDLE_TAG = "cloudtrack.project.job"
_NO_RUN = "RUN_ID"


def launch(client: AnyClient, request: Request) -> SubmittedRun:
    """Record a run and hand it to its backend; returns at once.

    Nothing is written before the project, its parameters and the backend's configuration are known to be right. Where
    the backend refuses the job, the run is FAILED and the error raised. Raises LaunchedBefore.
    """
    scratch = Path(tempfile.mkdtemp(prefix="cloudtrack-project-"))
    is_handed_over = False
    try:
        plan = plan_of(request, scratch / "code")
        plan.backend.specification(job_of(client, plan, _NO_RUN, None), request.backend_config)
        run_id = record_run(client, plan, scratch)
        job = job_of(client, plan, run_id, scratch)
        try:
            specification = plan.backend.specification(job, request.backend_config)
            submission = plan.backend.launch(job, specification)
        except BaseException:
            client.runs.update(run_id, status=RunStatus.FAILED)
            raise
        is_handed_over = job.remove is not None
        client.runs.log_batch(run_id, tags={HANDLE_TAG: submission.handle})
        return SubmittedRun(client, run_id, submission)
    finally:
        if not is_handed_over:
            shutil.rmtree(scratch, ignore_errors=True)


def dry_run(client: AnyClient, request: Request) -> dict[str, Any]:
    """Exactly what ``launch`` would hand over, with a place for the run's id; nothing is written, nobody called."""
    with tempfile.TemporaryDirectory(prefix="cloudtrack-project-") as scratch:
        plan = plan_of(request, Path(scratch) / "code")
        job = job_of(client, plan, _NO_RUN, None)
        return {
            "project": plan.code.uri,
            "commit": plan.code.commit or (plan.git.commit if plan.git else ""),
            "entry_point": plan.entry_point.name,
            "command": shown(plan.command),
            "environment": plan.environment.kind,
            "backend": plan.backend.name,
            "specification": plan.backend.specification(job, request.backend_config),
        }


def keep(client: AnyClient, request: Request, folder: Path) -> tuple[str, KeptCode, Mapping[str, str]]:
    """Make a run that keeps a project's code for launches of others.

    Its id; the code, unpacked below ``folder``; and the parameters of the request, with absolute paths. All that
    ``launch`` checks of the request is checked before anything is written.
    """
    plan = plan_of(request, folder / "source")
    plan.backend.specification(job_of(client, plan, _NO_RUN, None), request.backend_config)
    file = folder / "code.zip"
    digest = pack(plan.code.folder, file)
    run_id = create_run(client, plan)
    client.artifacts.log_file(run_id, file, records.FOLDER)
    unpack(file, folder / "code")
    origin = origin_of(plan).model_copy(update={"archive": CodeArchive(run_id=run_id, sha256=digest)})
    given = {name: plan.values.all[name] for name in request.parameters}
    return run_id, KeptCode(origin, folder / "code"), given


def find_submitted(client: AnyClient, run_id: str) -> SubmittedRun:
    """A run that was launched before, from wherever. Raises InvalidInput where it is none of a project."""
    tags = client.runs.get(run_id).data.tags
    if not (handle := tags.get(HANDLE_TAG)):
        raise InvalidInput(f"run {run_id} was not launched as a project: it has no tag {HANDLE_TAG}")
    return SubmittedRun(client, run_id, open_backend(tags[BACKEND_TAG]).find(handle))
