"""URIs of models: ``runs:/<run id>/<path>``, ``models:/<model id>``, ``models:/<name>/<version or stage>``,
``models:/<name>@<alias>``, ``models:/<name>@sha256:<digest>``.

A stage and an alias may be asked for as they were: ``models:/<name>/Production@2026-05-01T12:00Z``. A member of a
release is ``release:/<release>/<member>``, at one number ``release:/<release>@<number>/<member>``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, unquote

from cloudtrack.entities.names import check_logged_model_id, check_run_id, is_logged_model_id
from cloudtrack.errors import InvalidInput

_FORMS = (
    "runs:/<run id>/<path>, models:/<model id>, models:/<name>/<version>, models:/<name>/<stage>, "
    "models:/<name>@<alias>, models:/<name>@sha256:<digest>, and @<time> after a stage or an alias; "
    "release:/<release>/<member>, release:/<release>@<number>/<member>"
)
BY_DIGEST = "@sha256:"
"""How a reference begins that is the digest of a model."""


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
class ReleaseMember:
    """A member of a release: now, at one number, or as it was at an instant."""

    release: str
    member: str
    number: int | None = None
    at_ms: int | None = None

    @property
    def is_moving(self) -> bool:
        """Whether it can come to mean another version."""
        return self.number is None and self.at_ms is None


@dataclass(frozen=True)
class RegisteredVersion:
    """A version of a registered model: a number, a stage, ``latest``, an alias or ``sha256:<digest>`` after ``@``."""

    name: str
    reference: str
    at_ms: int | None = None
    """The instant that the reference is of; now where there is none."""

    @property
    def is_moving(self) -> bool:
        """Whether it can come to mean another version: a stage, an alias or ``latest``."""
        return self.at_ms is None and not self.reference.isdecimal() and not self.reference.startswith(BY_DIGEST)


ModelPlace = RunModel | LoggedModelFolder | RegisteredVersion | ReleaseMember
"""What a model URI may name."""


def is_local_uri(uri: str) -> bool:
    """Whether it names a folder of this machine, as a path or with ``file:``."""
    return ":/" not in uri or uri.startswith("file:")


def local_path(uri: str) -> str:
    """The path of a local URI."""
    return uri.removeprefix("file://")


def version_uri(name: str, version: int) -> str:
    """The URI of one version, which always means the same model."""
    return f"models:/{quote(name, safe='')}/{version}"


def parse_model_uri(uri: str) -> ModelPlace:
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
        name, mark, reference = _split(rest)
        reference, _, time = reference.partition("@")
        if name and reference and "/" not in reference:
            sign = "@" if mark == "@" else ""
            return RegisteredVersion(unquote(name), sign + reference, parse_instant(time) if time else None)
    if scheme == "release":
        place, _, member = rest.rpartition("/")
        release, _, moment = place.partition("@")
        if release and member:
            number = int(moment) if moment.isdecimal() else None
            at_ms = parse_instant(moment) if moment and number is None else None
            return ReleaseMember(unquote(release), unquote(member), number, at_ms)
    raise InvalidInput(f"{uri!r} is no model URI; there are {_FORMS}")


def _split(rest: str) -> tuple[str, str, str]:
    """A name, ``/`` or ``@``, and the reference after it."""
    for place, mark in enumerate(rest):
        if mark in "/@":
            return rest[:place], mark, rest[place + 1 :]
    return rest, "", ""


def parse_instant(text: str) -> int:
    """ISO 8601, in UTC where it does not say; in milliseconds since the epoch. Raises InvalidInput."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(f"{text!r} is no time in ISO 8601, such as 2026-05-01T12:00Z") from error
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
