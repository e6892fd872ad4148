"""The file that whoever makes a grant hands to whoever may use it. It is a secret: who has it may send the run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, ValidationError

from cloudtrack.config import GRANT_SCHEME
from cloudtrack.errors import InvalidInput

_MOST_BYTES = 32 << 20


class GrantFile(BaseModel):
    """A run, and a signed PUT for each slot; credentials are not in it. Times are in ms."""

    format: Literal["cloudtrack.grant-file/1"] = "cloudtrack.grant-file/1"
    grant_id: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    run_id: str
    run_name: str
    experiment_id: str
    experiment_name: str
    user_id: str = ""
    created: int
    expires: int
    max_bytes: int
    headers: dict[str, str]
    """What must be sent with each PUT: it is signed too."""
    slots: Annotated[list[str], Field(min_length=1, max_length=10_000, repr=False)]
    """URLs, in the order in which they are used."""

    @property
    def endpoint(self) -> str:
        """Scheme, host and port of the slots."""
        parts = urlsplit(self.slots[0])
        return f"{parts.scheme}://{parts.netloc}"


def read_grant(place: str) -> GrantFile:
    """The grant at ``grant:/path``. Raises InvalidInput; no message has a word of its URLs."""
    path = Path(place.removeprefix(GRANT_SCHEME)).expanduser()
    try:
        with path.open("rb") as stream:
            text = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise InvalidInput(f"the grant {str(path)!r} cannot be read ({error.strerror}): check the path") from error
    try:
        if len(text) > _MOST_BYTES:
            raise ValueError
        grant = GrantFile.model_validate_json(text)
        if not all(urlsplit(url).scheme in ("http", "https") for url in grant.slots):
            raise ValueError
    except ValueError as error:  # a ValidationError is one
        where = ".".join(map(str, error.errors()[0]["loc"][:1])) if isinstance(error, ValidationError) else ""
        raise InvalidInput(
            f"{str(path)!r} is no grant that this version reads{f' ({where})' if where else ''}: make one "
            "with `cloudtrack grant run`"
        ) from None
    return grant


def open_new(path: Path) -> int:
    """A handle to a new file that only its owner can read. Raises InvalidInput where there is one."""
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except FileExistsError as error:
        raise InvalidInput(f"{str(path)!r} is there already: name another file with --output") from error
    except OSError as error:
        raise InvalidInput(f"{str(path)!r} cannot be written: {error.strerror}") from error
