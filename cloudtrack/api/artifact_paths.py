"""Artifact paths on the wire: ``runs/<run id>/artifacts/...`` and ``logged_models/<model id>/artifacts/...``.

The same words as the keys of the store, but in the users' spelling. Whatever could lead out of the owner's
folder is refused in every spelling: plain, encoded once or more, with backslashes, with NUL.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

from cloudtrack.client import Client
from cloudtrack.entities.names import check_logged_model_id, check_run_id
from cloudtrack.errors import InvalidInput
from cloudtrack.tracking.artifacts import Artifacts

RUNS = "runs"
LOGGED_MODELS = "logged_models"
_MOST_DECODINGS = 5


@dataclass(frozen=True)
class ArtifactPath:
    """A file or a folder of a run or of a logged model; ``path`` is "" for the whole."""

    kind: str
    owner_id: str
    path: str

    @property
    def is_run(self) -> bool:
        """Whether it belongs to a run, and not to a logged model."""
        return self.kind == RUNS

    def service(self, client: Client) -> Artifacts:
        """The artifacts it is among."""
        return client.artifacts if self.is_run else client.logged_model_artifacts


def parse_artifact_path(text: str) -> ArtifactPath:
    """Raises InvalidInput for anything but a place inside the artifacts of one run or logged model."""
    checked = check_relative(text.removesuffix("/"))
    kind, _, rest = checked.partition("/")
    owner_id, _, rest = rest.partition("/")
    folder, _, path = rest.partition("/")
    if kind not in (RUNS, LOGGED_MODELS) or folder != "artifacts":
        raise InvalidInput(
            f"{text[:120]!r} is not an artifact path: runs/<run id>/artifacts/... or "
            "logged_models/<model id>/artifacts/..."
        )
    checked_id = check_run_id(owner_id) if kind == RUNS else check_logged_model_id(owner_id)
    return ArtifactPath(kind, checked_id, check_relative(path))


def check_relative(path: str) -> str:
    """The path itself, where it stays inside its folder however it is read. Raises InvalidInput."""
    decoded = path
    for _ in range(_MOST_DECODINGS):
        if "\x00" in decoded or ".." in decoded.replace("\\", "/").split("/") or decoded[:1] in ("/", "\\"):
            raise InvalidInput(f"invalid path {path[:120]!r}: it must be relative and must not have '..'")
        again = unquote(decoded)
        if again == decoded:
            return path
        decoded = again
    raise InvalidInput(f"invalid path {path[:120]!r}: it is percent-encoded more than {_MOST_DECODINGS} times")
