"""Datasets for ``log_input``: name, digest, source, schema and profile of what a run reads.

A digest is of the content, not of the host, the path or the library: equal data has an equal digest.
"""

from cloudtrack.data.arrays import from_numpy
from cloudtrack.data.dataset import Dataset
from cloudtrack.data.files import from_file, from_prefix
from cloudtrack.data.frames import from_arrow, from_pandas, from_polars, from_spark
from cloudtrack.data.hugging_face import from_huggingface
from cloudtrack.data.sources import DatasetSource, get_source

__all__ = [
    "Dataset",
    "DatasetSource",
    "from_arrow",
    "from_file",
    "from_huggingface",
    "from_numpy",
    "from_pandas",
    "from_polars",
    "from_prefix",
    "from_spark",
    "get_source",
]
