"""From what a user names to a source."""

from __future__ import annotations

from pathlib import Path

from cloudtrack.errors import NotFound
from cloudtrack.importing.foreign import Source
from cloudtrack.importing.mlflow_database import MlflowDatabase
from cloudtrack.importing.mlflow_folder import MlflowFolder
from cloudtrack.importing.mlflow_server import MlflowServer

_SQLITE = b"SQLite format 3\x00"


def open_mlflow(place: str, artifacts: str = "") -> Source:
    """A folder, a file or URL of a database, or the address of a server. Raises NotFound, InvalidInput."""
    if place.startswith(("http://", "https://")):
        return MlflowServer(place)
    if "://" in place and not place.startswith("file://"):
        return MlflowDatabase(place, artifacts=artifacts)
    path = Path(place.removeprefix("file://"))
    if not path.exists():
        raise NotFound(f"there is no folder or database {place!r}")
    if path.is_file():
        with path.open("rb") as file:
            if file.read(len(_SQLITE)) == _SQLITE:
                return MlflowDatabase(f"sqlite:///{path}", artifacts=artifacts)
    return MlflowFolder(path, artifacts=artifacts)
