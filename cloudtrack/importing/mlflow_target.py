"""A server that speaks MLflow's REST API, to write to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from cloudtrack.errors import InvalidInput
from cloudtrack.importing.artifact_roots import PROXIED
from cloudtrack.importing.mlflow_answers import Json, pages
from cloudtrack.remote.addresses import MLFLOW, PROXY, quoted
from cloudtrack.remote.connection import Connection
from cloudtrack.storage.object_store import Reading
from cloudtrack.storage.retrying import RetryPolicy

RUN_TAG, MODEL_TAG, EXPERIMENT_TAG = "cloudtrack.run_id", "cloudtrack.model_id", "cloudtrack.experiment_id"
"""Tags with the id that a thing of the server has here."""
REGISTERED_TAG, VERSION_TAG = "cloudtrack.registered_model", "cloudtrack.version"
"""On a registered model the time when it was made here, on a version its number here."""
VERSIONS_TAG = "cloudtrack.exported_versions"
"""How many versions of a registered model there are at least, those too that a server does not show."""
COMPLETE_TAG = "cloudtrack.exported"
"""On what is there whole."""
OWN_TAGS = (RUN_TAG, MODEL_TAG, EXPERIMENT_TAG, REGISTERED_TAG, VERSION_TAG, VERSIONS_TAG, COMPLETE_TAG)


class MlflowTarget:
    """Requests that may be done twice are repeated where the network fails; those that create something are not."""

    def __init__(self, url: str, retries: RetryPolicy | None = None) -> None:
        """Nothing is sent yet. Raises InvalidInput."""
        self._server = Connection(url, retries=retries)
        self._once = Connection(url, retries=RetryPolicy(attempts=1))
        self.url = self._server.url

    def get(self, path: str, **query: object) -> Json:
        """The answer to a question."""
        return self._server.get(f"{MLFLOW}/{path}", **query)

    def set(self, path: str, content: Json, method: str = "POST") -> Json:
        """Do what may be done twice."""
        return self._server.call(method, f"{MLFLOW}/{path}", content)

    def create(self, path: str, content: Json) -> Json:
        """Do what must not be done twice. Raises Unavailable where the answer was lost: it may have been done."""
        return self._once.call("POST", f"{MLFLOW}/{path}", content)

    def search(self, path: str, field: str, wanted: Json, method: str = "POST") -> Iterator[Json]:
        """The items of all pages."""
        return pages(self._server, method, path, field, wanted)

    def put_file(self, uri: str, path: str, read: Callable[[], Reading], size_bytes: int) -> None:
        """Put a file below an address of artifacts. Raises InvalidInput where they do not go through the server."""
        place = f"{PROXY}/artifacts/{quoted(f'{self._root(uri)}/{path}')}"
        self._server.send("PUT", place, lambda: _Pieces(read().chunks), size_bytes=size_bytes)

    def close(self) -> None:
        """Give back connections."""
        self._server.close()
        self._once.close()

    def _root(self, uri: str) -> str:
        parts = urlsplit(uri)
        if parts.scheme == PROXIED:
            return unquote(parts.path).strip("/")
        if uri.startswith(f"{self.url}{PROXY}/artifacts/"):
            return unquote(uri.removeprefix(f"{self.url}{PROXY}/artifacts/")).strip("/")
        raise InvalidInput(
            f"the server keeps its artifacts at {parts.scheme or 'file'}: and does not take them itself: start it with "
            "--artifacts-destination, or export with --no-artifacts"
        )


class _Pieces:
    """Bytes in pieces as something that is read."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._left = b""

    def read(self, count: int = -1, /) -> bytes:
        """The next bytes, at most so many; b"" at the end."""
        while not self._left:
            with suppress(StopIteration):
                self._left = next(self._chunks)
                continue
            return b""
        if count < 0:
            count = len(self._left)
        found, self._left = self._left[:count], self._left[count:]
        return found


def tag_list(tags: dict[str, str]) -> list[Json]:
    """Tags as requests have them."""
    return [{"key": key, "value": value} for key, value in tags.items()]
