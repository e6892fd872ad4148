"""Every point of many runs, as Parquet files on the local disk: a few hundred runs at a time, in bounded memory."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from itertools import batched
from pathlib import Path
from typing import Any

from cloudtrack.errors import CloudtrackError, NotFound, ObjectNotFound
from cloudtrack.index import engine
from cloudtrack.index.columns import literal
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.parallel import map_in_order
from cloudtrack.tracking import keys
from cloudtrack.tracking.documents import RunDocument
from cloudtrack.tracking.run_documents import RunDocuments
from cloudtrack.tracking.segment_files import SegmentFiles
