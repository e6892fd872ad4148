"""A dataset of which nobody reads more than what is said of it."""

from __future__ import annotations

import hashlib
import json

from cloudtrack.data.dataset import Dataset, name_of
from cloudtrack.data.sources import DatasetSource, HttpSource, source_of
from cloudtrack.data.table_digest import DIGEST_LENGTH
from cloudtrack.models.schema import Schema


class MetaDataset(Dataset):
    """Where data are, and what their columns are; the digest is of that, and of the name, where none is given."""

    def __init__(
        self,
        source: DatasetSource,
        name: str | None = None,
        digest: str | None = None,
        schema: Schema | None = None,
    ) -> None:
        if isinstance(source, HttpSource):
            source = source_of(source.url)  # without what is a secret in it
        said = [name_of(name), source.source_type, source.to_dict(), schema.to_dict() if schema else None]
        own = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:DIGEST_LENGTH]
        super().__init__(name=name_of(name), digest=digest or own, source=source, schema=schema)
