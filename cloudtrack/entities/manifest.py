"""The files of a version, as they were when it was registered: path, size and SHA-256 of each. Never changed."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.errors import CorruptData, InvalidInput, NotFound

FORMAT = "cloudtrack.model-manifest/1"
MOST_FILES = 10_000
"""A version with more files is registered without a manifest."""
MOST_TEXT_BYTES = 256 << 10
"""The text of a longer file is not in the manifest."""
_MOST_BYTES = 16 << 20


class PinnedFile(BaseModel):
    """Size in bytes, and SHA-256 in hexadecimal."""

    model_config = ConfigDict(frozen=True)

    size: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Manifest(BaseModel):
    """The files of a model's folder by their path in it, ``MLmodel`` too. Named by the SHA-256 of its bytes."""

    model_config = ConfigDict(extra="allow", frozen=True)

    format: str = FORMAT
    files: dict[str, PinnedFile]
    texts: dict[str, str] = {}
    """What short files say that tell one version from another: ``MLmodel``, ``requirements.txt``."""

    @property
    def size_bytes(self) -> int:
        """All files together."""
        return sum(file.size for file in self.files.values())

    @property
    def digest(self) -> str:
        """SHA-256 of its bytes, which is its name."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def to_bytes(self) -> bytes:
        """The stored form: the same files have the same bytes."""
        return json.dumps(self.model_dump(), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def from_bytes(cls, name: str, body: bytes | str) -> Manifest:
        """Raises CorruptData, which begins with what the manifest is called."""
        try:
            if len(body) > _MOST_BYTES:
                raise InvalidInput(f"it is longer than {_MOST_BYTES} bytes")
            return check_manifest(cls.model_validate_json(body))
        except (ValidationError, InvalidInput) as error:
            reason = error.message if isinstance(error, InvalidInput) else error.errors()[0]["msg"]
            raise CorruptData(f"{name} is no manifest of a model: {reason}") from error


def check_manifest(manifest: Manifest) -> Manifest:
    """The manifest itself. Raises InvalidInput for another format, too many files, or paths that lead elsewhere."""
    if manifest.format != FORMAT:
        raise InvalidInput(f"it has the format {manifest.format[:60]!r}; this version reads {FORMAT!r}")
    if len(manifest.files) > MOST_FILES:
        raise InvalidInput(f"it names {len(manifest.files)} files; at most {MOST_FILES} are kept")
    for path in manifest.files:
        if "\x00" in path or any(segment in ("", ".", "..") for segment in path.split("/")):
            raise InvalidInput(f"{path[:80]!r} is no path of a file in a model's folder")
    for path, text in manifest.texts.items():
        listed = manifest.files.get(path)
        if listed is None or hashlib.sha256(text.encode()).hexdigest() != listed.sha256:
            raise InvalidInput(f"the text of {path[:80]!r} is not that of the file")
    return manifest


def named_manifest(version: ModelVersion) -> str:
    """The name of a version's manifest. Raises NotFound where its files were not listed."""
    if version.manifest is None:
        raise NotFound(
            f"version {version.version} of {version.name!r} has no list of its files: make it with "
            f"`cloudtrack models pin {version.name} {version.version}`"
        )
    return version.manifest
