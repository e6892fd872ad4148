"""URIs of models: ``runs:/<run id>/<path>``, ``models:/<model id>``, ``models:/<name>/<version or stage>``,
``models:/<name>@<alias>``."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote

from cloudtrack.entities.names import check_logged_model_id, check_run_id, is_logged_model_id
from cloudtrack.errors import InvalidInput

_FORMS = (
    "runs:/<run id>/<path>, models:/<model id>, models:/<name>/<version>, models:/<name>/<stage>, "
    "models:/<name>@<alias>"
)


@dataclass(frozen=True)
class RunModel:
    """A model in a run's artifacts."""

    run_id: str
    path: str

    @property
    def uri(self) -> str:
        """The URI again."""
        return f"runs:/{self.run_id}/{self.path}"


@dataclass(frozen=True)
class LoggedModelFolder:
    """The folder of a logged model."""

    model_id: str
    path: str = ""

    @property
    def uri(self) -> str:
        """The URI again."""
        return f"models:/{self.model_id}" + (f"/{self.path}" if self.path else "")


@dataclass(frozen=True)
class RegisteredVersion:
    """A version of a registered model: a number, a stage, ``latest``, or an alias with ``@``."""

    name: str
    reference: str


def is_local_uri(uri: str) -> bool:
    """Whether it names a folder of this machine, as a path or with ``file:``."""
    return ":/" not in uri or uri.startswith("file:")


def local_path(uri: str) -> str:
    """The path of a local URI."""
    return uri.removeprefix("file://")


def version_uri(name: str, version: int) -> str:
    """The URI of one version, which always means the same model."""
    return f"models:/{quote(name, safe='')}/{version}"


def parse_model_uri(uri: str) -> RunModel | LoggedModelFolder | RegisteredVersion:
    """Raises InvalidInput."""
    scheme, _, rest = uri.partition(":/")
    rest = rest.strip("/")
    if scheme == "runs":
        run_id, _, path = rest.partition("/")
        if path:
            return RunModel(check_run_id(run_id), path)
    if scheme == "models" and is_logged_model_id(rest.partition("/")[0]):
        model_id, _, path = rest.partition("/")
        return LoggedModelFolder(check_logged_model_id(model_id), path)
    if scheme == "models":
        name, at, alias = rest.partition("@")
        if at and alias and "/" not in rest:
            return RegisteredVersion(unquote(name), f"@{alias}")
        name, _, reference = rest.partition("/")
        if name and reference and "/" not in reference:
            return RegisteredVersion(unquote(name), reference)
    raise InvalidInput(f"{uri!r} is no model URI; there are {_FORMS}")
