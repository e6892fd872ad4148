"""A signer and a sender that need no server: a signed URL names a key, and who sends to it creates the object once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cloudtrack.client import Client
from cloudtrack.errors import Unavailable
from cloudtrack.grants.delivery import Header, SentFile, pack_head
from cloudtrack.grants.grant_file import GrantFile
from cloudtrack.grants.grants import Grants
from cloudtrack.grants.runner import GrantedRuns, GrantedStore
from cloudtrack.storage.memory import MemoryStore
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.signing import Ending, SignedRequest
from cloudtrack.tracking import keys
from cloudtrack.tracking.artifacts import Artifacts
from cloudtrack.tracking.run_writer import RunWriter
from cloudtrack.tracking.waiting_artifacts import WaitingArtifacts

_FOREVER = Ending(is_known=True)
_HOST = "https://bucket.example/"


@dataclass
class FakeSigner:
    """Signs everything; its credentials end when the test says."""

    ending: Ending = _FOREVER
    signed: list[str] = field(default_factory=list)

    def put_new(self, key: str, *, expires_s: int) -> SignedRequest:
        return SignedRequest(f"{_HOST}{key}", {"if-none-match": "*"})

    def get(self, key: str, *, expires_s: int, **_: Any) -> SignedRequest:
        self.signed.append(key)
        return SignedRequest(f"{_HOST}{quote(key)}?expires={expires_s}&signature=<secret>")

    def end_of_credentials(self) -> Ending:
        return self.ending


class StoreSender:
    """Puts into a store what is sent, as S3 does: never over an object, even if it is the same.

    ``loses`` says of each request, by its number, whether its answer is lost.
    """

    def __init__(self, store: ObjectStore, loses: Callable[[int], bool] = lambda _: False) -> None:
        self._store = store
        self._loses = loses
        self.sent: list[int] = []
        """Sizes."""

    def send_signed(
        self,
        url: str,
        headers: Mapping[str, str],
        body: Callable[[], Any],
        *,
        size_bytes: int,
        refused: Callable[[int, Mapping[str, str], bytes], Exception],
    ) -> None:
        assert headers == {"if-none-match": "*"}
        stream, content = body(), b""
        while piece := stream.read(1000):
            assert len(piece) <= 1000
            content += piece
        assert len(content) == size_bytes
        key = url.removeprefix(_HOST)
        if any(info.key == key for info in self._store.list(key)):
            raise refused(412, {}, b"")
        self._store.create(key, content)
        self.sent.append(size_bytes)
        if self._loses(len(self.sent)):
            raise Unavailable("the answer was lost")


@dataclass
class Granted:
    """A store, a grant for a run of it, and what its holder works with."""

    client: Client
    grant: GrantFile
    sender: StoreSender
    spool: Path

    @property
    def store(self) -> ObjectStore:
        return self.client.store

    @property
    def run_id(self) -> str:
        return self.grant.run_id

    @property
    def inbox(self) -> list[str]:
        return [info.key for info in self.store.list(keys.grant_inbox(self.grant.grant_id))]

    def runs(self) -> GrantedRuns:
        """The services of one process."""
        return GrantedRuns(self.grant, self.spool, self.sender)

    def start(self) -> tuple[RunWriter, WaitingArtifacts]:
        """A process that begins, or goes on."""
        writer = self.runs().open_writer(self.run_id)
        return writer, WaitingArtifacts(Artifacts(GrantedStore(self.grant)), writer)

    def put(self, slot: int, body: bytes) -> None:
        """What an enemy with the grant sends."""
        self.store.create(keys.grant_slot(self.grant.grant_id, slot), body)

    def delivery(
        self, frames: bytes = b"", files: tuple[tuple[str, bytes], ...] = (), seq: int = 1, **fields: Any
    ) -> bytes:
        """A delivery that says what it is told to."""
        about = [
            SentFile(seq=seq, path=path, size_bytes=len(body), sha256=hashlib.sha256(body).hexdigest())
            for path, body in files
        ]
        said = {"grant_id": self.grant.grant_id, "run_id": self.run_id, "writer": "ab" * 8, "files": about, **fields}
        return pack_head(Header(frames_bytes=0, **said), frames) + b"".join(body for _, body in files)


def granted(spool: Path, store: ObjectStore | None = None, **options: Any) -> Granted:
    """A new grant of a store in memory, for six hours."""
    client = Client(store or MemoryStore(), user="granter")
    experiment = client.experiments.get_or_create("X")
    grant, _ = Grants(client, FakeSigner()).make(experiment, options.pop("expires_s", 6 * 3600), **options)
    return Granted(client, grant, StoreSender(client.store), spool)
