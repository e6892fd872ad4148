"""What differs from one server to the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from cloudtrack.api.bundle import Bundle


class ArtifactRoute(StrEnum):
    """How the bytes of artifacts travel between a client and the store."""

    STREAM = "stream"
    """Through the server, in bounded memory: for folders, and for clients that do not reach the bucket."""
    PRESIGNED = "presigned"
    """Between the client and the bucket, by signed URLs that expire; only small uploads pass the server."""
    DIRECT = "direct"
    """Clients get ``s3://`` URIs and use AWS credentials of their own; signed URLs for all others."""


@dataclass(frozen=True)
class Settings:
    """How an application answers."""

    artifacts: ArtifactRoute = ArtifactRoute.STREAM
    presigned_expiry_s: int = 900
    """Signed URLs work for this long."""
    bundle: Bundle = field(default_factory=Bundle)
    """The web page."""

    @property
    def gives_bucket_uris(self) -> bool:
        """Whether clients are told where the bucket is."""
        return self.artifacts is ArtifactRoute.DIRECT

    @property
    def signs(self) -> bool:
        """Whether clients get signed URLs."""
        return self.artifacts is not ArtifactRoute.STREAM
