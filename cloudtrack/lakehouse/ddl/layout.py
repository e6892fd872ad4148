"""Where the Parquet files of a store are, and which columns they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cloudtrack.errors import InvalidInput, ObjectNotFound, StateError, Unavailable
from cloudtrack.index.cache import PartCache
from cloudtrack.index.columns import quoted
from cloudtrack.index.keys import IndexKeys
from cloudtrack.index.parts import Parts
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.tracking import keys
from cloudtrack.tracking.run_source import RunSource

TEXT_ATTRIBUTES = ("run_name", "status", "lifecycle_stage", "user_id")
TIME_ATTRIBUTES = ("start_time", "end_time")
RUNS = "cloudtrack_runs"
METRICS = "cloudtrack_metrics"
_KINDS = ("params.", "metrics.", "tags.", "datasets.")
_ATTRIBUTES = [f"attributes.{name}" for name in ("run_id", *TEXT_ATTRIBUTES, *TIME_ATTRIBUTES)]
_MOST_ATTEMPTS = 5

LIMITS = (
    "Here is what has ended and is compacted (cloudtrack compact): no running runs, no changes since.",
    "A part may have rows that a later part replaced: of each id the row with the greatest version counts.",
    "The columns are those of today: print this again when params, metrics or tags have new keys.",
    "What has no column in any part, for it is rare, is in the map rest, such as rest['params.x'].",
)


@dataclass(frozen=True)
class Layout:
    """The files of one experiment, or of all that have been compacted."""

    root: str
    """The store's address: s3://bucket/prefix, or a folder's path."""
    experiment_ids: list[str]
    one_experiment: bool
    columns: list[str]
    """The columns of the parts, beside id, version and rest."""
    left_out: list[str]
    """Columns of different parts that differ by case alone."""
    has_segments: bool

    @property
    def is_on_s3(self) -> bool:
        """Whether the store is a bucket."""
        return self.root.startswith("s3://")

    @property
    def any_part(self) -> str:
        """A pattern for the parts' files."""
        return self.address(IndexKeys(keys.run_index(self.experiment_ids[0] if self.one_experiment else "*")).rows("*"))

    @property
    def shown(self) -> list[str]:
        """The columns that are no attributes."""
        return [column for column in self.columns if column not in _ATTRIBUTES]

    def address(self, key: str) -> str:
        """Where an object is."""
        return f"{self.root}/{key}"

    def comment(self, *lines: str) -> str:
        """What somebody should know who uses the definitions, as SQL comments."""
        said = [f"The store {self.root}, as Parquet files.", *LIMITS, *lines]
        if self.left_out:
            names = ", ".join(map(quoted, self.left_out))
            said.append(f"Left out, because they differ by case alone, which SQL does not see: {names}.")
        return "\n".join(f"-- {line}" for line in said) + "\n"


def read_layout(store: ObjectStore, experiment_ids: Sequence[str], cache_dir: Path, *, one: bool) -> Layout:
    """The layout of these experiments; ``one`` says that no others are meant.

    Raises StateError where nothing is compacted yet, InvalidInput for a store that no other process can read.
    """
    root = _root(store.url)
    cache = PartCache(store, cache_dir)
    for _ in range(_MOST_ATTEMPTS):
        try:
            found = {name: _parts(store, name, cache) for name in experiment_ids}
        except ObjectNotFound as error:  # a part was merged away meanwhile
            gone = error
            continue
        there = {name: parts for name, parts in found.items() if parts}
        if not there:
            raise StateError("no run is compacted yet: run `cloudtrack compact`, and print the definitions again")
        columns, left_out = _columns(there)
        return Layout(
            root=root,
            experiment_ids=list(there),
            one_experiment=one,
            columns=columns,
            left_out=left_out,
            has_segments=_has_segments(store),
        )
    raise Unavailable("the store is being compacted; print the definitions again") from gone


def _parts(store: ObjectStore, experiment_id: str, cache: PartCache) -> dict[str, frozenset[str]]:
    """The columns of each part, by key."""
    source = RunSource(store, experiment_id)
    parts = Parts(store, source, cache)
    stored = parts.read()
    found = stored.document.parts if stored else []
    return {source.keys.rows(part.name): parts.files(part).columns.own for part in found}


def _columns(parts: dict[str, dict[str, frozenset[str]]]) -> tuple[list[str], list[str]]:
    """The columns that all parts spell alike, and the others."""
    names = {column for columns in parts.values() for own in columns.values() for column in own} | set(_ATTRIBUTES)
    spellings: dict[str, list[str]] = {}
    for name in names:
        spellings.setdefault(name.casefold(), []).append(name)
    alike = [found[0] for found in spellings.values() if len(found) == 1]
    ordered = [name for kind in _KINDS for name in sorted(alike) if name.startswith(kind)]
    return [*_ATTRIBUTES, *ordered], sorted(name for found in spellings.values() if len(found) > 1 for name in found)


def _has_segments(store: ObjectStore) -> bool:
    """Whether any run has so many points that some are in Parquet files."""
    return any(info.key.split("/")[2:3] == ["metrics"] for info in store.list(keys.RUNS))


def _root(url: str) -> str:
    if url.startswith("s3://"):
        return url
    if url.startswith("file://"):
        return unquote(urlsplit(url).path)
    raise InvalidInput(f"{url} is in the memory of this process, and no other can read it")
