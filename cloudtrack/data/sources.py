"""Where a dataset comes from, in MLflow's words: a type, and JSON of that type. Credentials are never in it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from cloudtrack import config
from cloudtrack.data.fetching import fetch_uri, fetch_url
from cloudtrack.entities import dataset as entities
from cloudtrack.errors import CorruptData, InvalidInput, MissingDependency
from cloudtrack.storage.public_url import strip_credentials
from cloudtrack.storage.s3_options import parse_s3_url
from cloudtrack.tracking.source import source_name


@dataclass(frozen=True)
class DatasetSource:
    """Where data come from. ``load`` brings it to this machine."""

    _TYPE: ClassVar[str] = ""

    @property
    def source_type(self) -> str:
        """MLflow's word: ``local``, ``s3``, ``http``, ``hugging_face``, ``code``, ``spark``; or the URI's scheme."""
        return self._TYPE

    def load(self, dst_path: str | None = None) -> Any:
        """The path to the files on this machine. Raises NotFound, PermissionDenied, Unavailable."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """What is kept of it."""
        return {key: value for key, value in asdict(self).items() if value is not None}

    def to_json(self) -> str:
        """The same as text."""
        return json.dumps(self.to_dict())


@dataclass(frozen=True)
class UriSource(DatasetSource):
    """A file, or a folder or prefix of files."""

    uri: str

    @property
    def source_type(self) -> str:
        scheme = self.uri.partition("://")[0].lower() if "://" in self.uri else ""
        return {"": "local", "file": "local", "s3a": "s3"}.get(scheme, scheme)

    def load(self, dst_path: str | None = None) -> str:
        """The path on this machine: of what is here already where it is, unless ``dst_path`` is given."""
        return fetch_uri(self.uri, dst_path)


@dataclass(frozen=True)
class HttpSource(DatasetSource):
    """What a web server has, without what came behind the question mark: that is where signatures and keys are."""

    url: str
    _TYPE: ClassVar[str] = "http"

    def load(self, dst_path: str | None = None) -> str:
        """Download it into a folder, a new one by default."""
        return fetch_url(self.url, dst_path)


HTTPDatasetSource = HttpSource
"""MLflow's name for it."""


@dataclass(frozen=True)
class HuggingFaceSource(DatasetSource):
    """A dataset of Hugging Face's hub."""

    path: str
    config_name: str | None = None
    data_dir: str | None = None
    data_files: Any = None
    split: str | None = None
    revision: str | None = None
    _TYPE: ClassVar[str] = "hugging_face"

    def load(self, dst_path: str | None = None) -> Any:
        """What ``datasets.load_dataset`` gives; ``dst_path`` is its cache."""
        try:
            import datasets
        except ImportError as error:
            raise MissingDependency("this source needs Hugging Face's library: pip install datasets") from error
        named = {"name" if key == "config_name" else key: value for key, value in self.to_dict().items()}
        return datasets.load_dataset(named.pop("path"), cache_dir=dst_path, **named)


@dataclass(frozen=True)
class SparkSource(DatasetSource):
    """A table or a file that Spark reads, or a query."""

    path: str | None = None
    table_name: str | None = None
    sql: str | None = None
    _TYPE: ClassVar[str] = "spark"

    def load(self, dst_path: str | None = None) -> Any:  # noqa: ARG002 - a table is no file
        """Spark's DataFrame."""
        try:
            from pyspark.sql import SparkSession
        except ImportError as error:
            raise MissingDependency('this source needs Spark: pip install "cloudtrack[spark]"') from error
        session = SparkSession.builder.getOrCreate()
        if self.path:
            return session.read.load(self.path)
        return session.sql(self.sql) if self.sql else session.read.table(self.table_name)


@dataclass(frozen=True)
class CodeSource(DatasetSource):
    """Made by a program; nothing says of what."""

    tags: dict[str, str] = field(default_factory=dict)
    _TYPE: ClassVar[str] = "code"

    def load(self, dst_path: str | None = None) -> str:
        """Raises InvalidInput: there is nothing to load."""
        del dst_path
        raise InvalidInput(
            "this dataset was made by a program, and nothing says of what: name its source, source='s3://...'"
        )


def source_of(source: str | Path | DatasetSource | None) -> DatasetSource:
    """The source that a path or a URL names; of None the program. Nothing is read. Raises InvalidInput."""
    if source is None:
        said = {"mlflow.user": config.user(), "mlflow.source.name": source_name(), "mlflow.source.type": "LOCAL"}
        return CodeSource({key: value for key, value in said.items() if value})
    if isinstance(source, DatasetSource):
        return source
    if not isinstance(source, str | Path):
        raise InvalidInput(f"a source is a path, a URL or one of cloudtrack.data's; not a {type(source).__name__}")
    text = str(source)
    if text.startswith(("http://", "https://")):
        shown = strip_credentials(text)
        if not shown:
            raise InvalidInput("a source that begins with http:// or https:// must be a URL")
        return HttpSource(shown)
    return UriSource(_without_credentials(text))


def get_source(dataset: Any) -> DatasetSource:
    """The source of a dataset, of what a run's document says of one, or of a use of it. Raises InvalidInput."""
    if hasattr(dataset, "to_entity"):
        found: DatasetSource = dataset.source
        return found
    entity = dataset.dataset if isinstance(dataset, entities.DatasetInput) else dataset
    if not isinstance(entity, entities.Dataset):
        raise InvalidInput(f"{type(dataset).__name__} is no dataset: give one, or one of run.inputs.dataset_inputs")
    try:
        said = json.loads(entity.source or "{}")
        return _known(entity.source_type, said)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        if isinstance(error, InvalidInput):
            raise
        raise CorruptData(f"the source of the dataset {entity.name!r} is not what its type says") from error


def _known(kind: str, said: dict[str, Any]) -> DatasetSource:
    match kind:
        case "http":
            return HttpSource(said["url"] if "url" in said else said["uri"])
        case "hugging_face":
            return HuggingFaceSource(**_of_fields(HuggingFaceSource, said))
        case "code":
            return CodeSource(said.get("tags") or {})
        case "spark" | "delta_table":
            return SparkSource(
                said.get("path"), said.get("table_name") or said.get("delta_table_name"), said.get("sql")
            )
    if "uri" in said:
        return UriSource(said["uri"])
    raise InvalidInput(f"sources of the type {kind!r} cannot be loaded here")


def _of_fields(kind: type[HuggingFaceSource], said: dict[str, Any]) -> dict[str, Any]:
    return {key: said[key] for key in kind.__dataclass_fields__ if key in said}


def _without_credentials(uri: str) -> str:
    """The same; an ``s3://`` URI keeps those options that say which server and region."""
    if not uri.startswith("s3://"):
        return strip_credentials(uri)
    try:
        options = parse_s3_url(uri, {})
    except InvalidInput:
        return strip_credentials(uri)
    endpoint = strip_credentials(options.endpoint_url)
    plain = type(options)(options.bucket, options.prefix, endpoint_url=endpoint, region=options.region)
    return plain.address if plain.address != plain.url else uri.partition("?")[0]
