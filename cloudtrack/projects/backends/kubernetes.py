"""Projects as jobs of Kubernetes, by way of ``kubectl``.

Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from cloudtrack.entities.run import RunStatus
from cloudtrack.errors import NotFound, Unavailable
from cloudtrack.projects.backends.backend import Backend, Job, Submission
from cloudtrack.projects.backends.configuration import read_configuration
from cloudtrack.projects.backends.kubernetes_job import KubernetesConfiguration, manifest_of
from cloudtrack.projects.client_programs import ask, lines_of

_NOT_THERE = re.compile(r"\(NotFound\)|not found", re.IGNORECASE)


class KubernetesBackend(Backend):
    """Applies one Job, whose container is the worker."""

    name = "kubernetes"

    def specification(self, job: Job, config: Mapping[str, Any]) -> dict[str, Any]:
        """The words of ``kubectl apply`` and the manifest that it reads."""
        told = read_configuration(KubernetesConfiguration, self.name, config)
        return {"command": [*_kubectl(told.context), "apply", "-f", "-"], "manifest": manifest_of(job, told)}

    def launch(self, job: Job, specification: dict[str, Any]) -> Submission:  # noqa: ARG002 - it is all in there
        """Apply the manifest. The handle has the context, for the one in force here may be another tomorrow."""
        words, manifest = specification["command"], specification["manifest"]
        context = words[words.index("--context") + 1] if "--context" in words else _context_in_force()
        ask([*_kubectl(context), *words[-3:]], stdin=json.dumps(manifest))
        return KubernetesJob(manifest["metadata"]["namespace"], manifest["metadata"]["name"], context)

    def find(self, handle: str) -> Submission:
        """A job by namespace, name and context."""
        namespace, name, context = handle.split("/", 2)
        job = KubernetesJob(namespace, name, context)
        if job.describe() is None:
            where = f" of the context {context}" if context else ""
            raise NotFound(f"there is no job {name} in the namespace {namespace}{where}: it was deleted, or is older")
        return job


class KubernetesJob(Submission):
    """A job of Kubernetes."""

    def __init__(self, namespace: str, name: str, context: str) -> None:
        self._name = name
        self._kubectl = [*_kubectl(context), "--namespace", namespace]
        self.handle = f"{namespace}/{name}/{context}"

    def describe(self) -> dict[str, Any] | None:
        """The job as Kubernetes has it; None where it has none."""
        said = ask([*self._kubectl, "get", "job", self._name, "--ignore-not-found", "--output", "json"])
        return dict(json.loads(said)) if said.strip() else None

    def status(self) -> str:
        """By the job's conditions and pods; one that is gone was deleted, and is KILLED."""
        job = self.describe()
        if job is None:
            return RunStatus.KILLED
        status = job.get("status", {})
        conditions = {each["type"] for each in status.get("conditions", ()) if each["status"] == "True"}
        if "Complete" in conditions:
            return RunStatus.FINISHED
        if "Failed" in conditions:
            return RunStatus.FAILED
        is_ending = "deletionTimestamp" in job.get("metadata", {})
        return RunStatus.RUNNING if status.get("ready") or is_ending else RunStatus.SCHEDULED

    def logs(self) -> Iterator[str]:
        """``kubectl logs``; while the job waits, the events that say what for."""
        try:
            pods = ask([*self._kubectl, "get", "pods", "--selector", f"job-name={self._name}", "--output", "name"])
            if pods.strip():
                yield from lines_of([*self._kubectl, "logs", f"job/{self._name}"])
        except Unavailable as error:
            if not _NOT_THERE.search(error.message):
                raise

    def cancel(self) -> None:
        """Delete the job: its pod is asked to end. The job is there until the pod is gone."""
        if not self.is_over():
            words = ["delete", "job", self._name, "--ignore-not-found", "--cascade=foreground", "--wait=false"]
            ask([*self._kubectl, *words])


def _kubectl(context: str) -> list[str]:
    return ["kubectl", *(("--context", context) if context else ())]


def _context_in_force() -> str:
    """The context of kubectl's configuration; empty where it has none, as within a cluster."""
    try:
        return ask(["kubectl", "config", "current-context"]).strip()
    except Unavailable:
        return ""
