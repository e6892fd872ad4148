"""Reading pickles, which are programs: what they import, call and build is followed before they run."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from cloudtrack.errors import CloudtrackError, CorruptData, MissingDependency
from cloudtrack.models.exported_program import scan_program
from cloudtrack.models.pickle_forms import chunks_of, private_copy, reader_of, scan_file
from cloudtrack.models.pickle_values import Data, Import, Refused
from cloudtrack.models.trust import is_trusted, require_trust


def load_pickle(path: Path, load: Callable[[BinaryIO], Any] = pickle.load) -> Any:
    """The object in a file, where all that it imports, calls and builds is known to be harmless, or it is trusted.

    ``load`` is what reads it, such as ``joblib.load``: the function itself, or a ``partial`` of it, for the forms that
    are looked for are those that it reads. It is given the very bytes that were looked at, in a private copy.

    Raises PermissionDenied naming what the file would do, CorruptData where ``load`` cannot read it, MissingDependency
    where it needs a module that is not installed.
    """
    with path.open("rb") as stream, private_copy(chunks_of(stream)) as (data, copy):
        if not is_trusted():
            try:
                _scan(data, reader_of(load))
            except Refused as refused:
                require_trust(path, str(refused))
        try:
            return load(copy)
        except CloudtrackError:
            raise
        except ImportError as error:
            raise MissingDependency(f"{path.name} needs a module that is not installed: {error}") from error
        except Exception as error:
            raise CorruptData(f"{path.name} cannot be read: {type(error).__name__}: {error}") from error


def _scan(data: Data, reader: str) -> None:
    if reader == "torch.export":
        scan_program(data)
    else:
        scan_file(data, reader)


def describe(path: Path, load: Callable[[BinaryIO], Any] = pickle.load) -> list[Import]:
    """What a file would import if ``load`` read it, in order, harmless or not; nothing of it runs.

    Positions are those in the pickle, after unpacking. Raises CorruptData where it cannot be followed to its end.
    """
    with path.open("rb") as stream, private_copy(chunks_of(stream)) as (data, _):
        try:
            return scan_file(data, reader_of(load), judged=False)
        except Refused as refused:
            raise CorruptData(f"{path.name} {refused}") from refused
