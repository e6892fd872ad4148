"""The manifest of a project's job on Kubernetes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, field_validator, model_validator

from cloudtrack.errors import InvalidInput
from cloudtrack.plain_yaml import read_yaml
from cloudtrack.projects.backends.backend import Job
from cloudtrack.projects.backends.configuration import Configuration
from cloudtrack.projects.reaching import check_shared

_A_NAME = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
_CONTAINER = "cloudtrack"
_DAY_S = 86400


class KubernetesConfiguration(Configuration):
    """What the backend kubernetes is told. MLflow's words for the same are understood."""

    secrets_go = "keep it in a Secret of the namespace, and write NAME: secret/key below 'secrets'"

    image: str = Field(min_length=1, description="an image that has Python and cloudtrack")
    namespace: str = Field(default="", pattern=rf"{_A_NAME}|^$", description="the namespace of the job; or default")
    context: str = Field(
        default="", alias="kube-context", description="a context of kubectl's configuration; by default that in force"
    )
    service_account: str = Field(default="", description="the service account of the pod")
    resources: dict[str, dict[str, str]] = Field(default={}, description='as {"requests": {"cpu": "2"}, "limits": {}}')
    node_selector: dict[str, str] = Field(default={}, description="labels of nodes")
    secrets: dict[str, str] = Field(default={}, description="variables from Secrets of the namespace: NAME: secret/key")
    template: str = Field(
        default="", alias="kube-job-template-path", description="a YAML file with a Job that ours is put into"
    )
    timeout_s: int | None = Field(default=None, ge=1, description="seconds after which Kubernetes ends the job")
    kept_s: int | None = Field(default=None, ge=0, description="seconds that the job is kept after its end; or a day")

    @model_validator(mode="before")
    @classmethod
    def _has_no_repository(cls, content: Any) -> Any:
        if isinstance(content, dict) and "repository-uri" in content:
            raise ValueError(
                "repository-uri is where MLflow puts an image that it builds, and none is built here: name an image "
                "that has Python and cloudtrack as 'image'"
            )
        return content

    @field_validator("secrets")
    @classmethod
    def _are_keys(cls, value: dict[str, str]) -> dict[str, str]:
        for name, place in value.items():
            if not all(place.partition("/")):
                raise ValueError(f"{name} is {place!r}; it must be the name of a Secret and a key in it: secret/key")
        return value


def manifest_of(job: Job, told: KubernetesConfiguration) -> dict[str, Any]:
    """The Job to apply: the template, with what is ours over it. Raises InvalidInput for a template that is none."""
    template = _template(told.template) if told.template else {}
    if not told.template:
        check_shared(job.store, "kubernetes")  # a template may mount a folder
    spec = template.get("spec", {})
    pod = spec.get("template", {}).get("spec", {})
    containers = pod.get("containers") or [{}]
    label = {"cloudtrack.run": job.run_id}
    ours = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": f"cloudtrack-{job.run_id}",
            "namespace": told.namespace or template.get("metadata", {}).get("namespace") or "default",
            "labels": label,
        },
        "spec": {
            "backoffLimit": 0,  # a run is executed once
            "ttlSecondsAfterFinished": _first(told.kept_s, spec.get("ttlSecondsAfterFinished"), _DAY_S),
            **({"activeDeadlineSeconds": told.timeout_s} if told.timeout_s else {}),
            "template": {
                "metadata": {"labels": label},
                "spec": {
                    "restartPolicy": "Never",
                    **({"serviceAccountName": told.service_account} if told.service_account else {}),
                    **({"nodeSelector": told.node_selector} if told.node_selector else {}),
                    "containers": [_merged(containers[0], _container(job, told, containers[0])), *containers[1:]],
                },
            },
        },
    }
    return dict(_merged(template, ours))


def _container(job: Job, told: KubernetesConfiguration, template: dict[str, Any]) -> dict[str, Any]:
    variables = {**job.environment, **told.environment}
    secrets = {name: place.split("/", 1) for name, place in told.secrets.items()}
    given = [each for each in template.get("env") or [] if each.get("name") not in {*variables, *secrets}]
    return {
        "name": template.get("name") or _CONTAINER,
        "image": told.image,
        "command": job.command,
        "args": [],
        **({"resources": told.resources} if told.resources else {}),
        "env": [
            *given,
            *({"name": name, "value": value} for name, value in variables.items()),
            *(
                {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}
                for name, (secret, key) in secrets.items()
            ),
        ],
    }


def _template(path: str) -> dict[str, Any]:
    try:
        content = read_yaml(Path(path), f"the template {path}")
    except OSError as error:
        raise InvalidInput(f"the template {path} cannot be read: {error.strerror}") from error
    if not isinstance(content, dict) or content.get("kind", "Job") != "Job":
        raise InvalidInput(f"the template {path} must be one Job of Kubernetes")
    return content


def _merged(below: Any, above: Any) -> Any:
    """Two mappings as one, where what is above wins; lists are replaced."""
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return {**below, **{key: _merged(below.get(key), value) for key, value in above.items()}}


def _first(*values: int | None) -> int:
    return next(value for value in values if value is not None)
