"""What ``gc`` found, noted for a later one."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, ValidationError

from cloudtrack import clock, ids
from cloudtrack.errors import CorruptData
from cloudtrack.storage.object_store import ObjectInfo, ObjectStore

PLANS = "gc/"
FORMAT = "cloudtrack.gc-plan/1"
MOST_CANDIDATES = 100_000
"""In one plan; what is left is found by the next."""


class Kind(StrEnum):
    """What garbage is. The words are stable."""

    SEGMENT = "segment"
    PART = "index part"
    MANIFEST = "manifest"
    PAGE = "page"
    KEPT_FILE = "kept file"
    PROBE = "probe"
    GRANT = "closed grant"
    SHARE = "ended share"
    RUN = "run in the trash"
    EXPERIMENT = "experiment in the trash"


CONTENTS = (Kind.MANIFEST, Kind.PAGE, Kind.KEPT_FILE)
"""Named by what they hold, so that the same name may be wanted again."""


class Candidate(BaseModel):
    """An object that nothing mentions, or a run or experiment in the trash by its prefix; sizes in bytes."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: Kind
    key: str
    size_bytes: int
    objects: int = 1
    modified_ms: int
    """Of the object, or of the document; by the store's clock."""
    etag: str = ""

    @classmethod
    def of(cls, kind: Kind, info: ObjectInfo) -> Candidate:
        """A single object."""
        return cls(kind=kind, key=info.key, size_bytes=info.size_bytes, modified_ms=info.modified_ms, etag=info.etag)

    @property
    def state(self) -> tuple[str, int, str]:
        """What stays the same while it is not changed."""
        return self.key, self.modified_ms, self.etag


class Plan(BaseModel):
    """Candidates, and when they were noted (ms). Never changed; deleted when it was carried out."""

    model_config = ConfigDict(extra="allow", frozen=True)

    format: str = FORMAT
    id: str
    created: int
    candidates: list[Candidate]


def write_plan(store: ObjectStore, candidates: list[Candidate]) -> str:
    """Note the candidates; the key of the plan."""
    plan = Plan(id=ids.new_commit_id(), created=clock.now_ms(), candidates=candidates)
    key = f"{PLANS}{plan.id}.json"
    store.create(key, plan.model_dump_json().encode())
    return key


def parse_plan(key: str, body: bytes) -> Plan:
    """Raises CorruptData, naming the key."""
    try:
        plan = Plan.model_validate_json(body)
    except ValidationError as error:
        raise CorruptData(f"{key!r} is no plan of `cloudtrack gc`: {error.errors()[0]['msg']}") from error
    if plan.format != FORMAT:
        raise CorruptData(f"{key!r} has the format {plan.format[:60]!r}; this version reads {FORMAT!r}")
    return plan
