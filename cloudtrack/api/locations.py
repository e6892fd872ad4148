"""Where clients find artifacts: through the API, or in the bucket itself."""

from __future__ import annotations

from dataclasses import dataclass

from cloudtrack.api.artifact_paths import ArtifactPath, check_relative, parse_artifact_path
from cloudtrack.entities.model_uri import LoggedModelFolder, ModelPlace, RunModel, parse_model_uri
from cloudtrack.errors import InvalidInput

PROXY_SCHEME = "mlflow-artifacts:"
_FOREIGN_SCHEMES = ("s3", "gs", "wasb", "wasbs", "abfs", "abfss", "dbfs", "hdfs", "viewfs", "ftp", "sftp", "r2")
"""Sources elsewhere are kept as they are; nothing here ever opens them."""


@dataclass(frozen=True)
class Locations:
    """Artifact URIs as clients get them.

    ``direct`` gives out ``s3://`` URIs for clients with AWS credentials of their own; otherwise
    ``mlflow-artifacts:`` URIs lead them through the API. ``is_full`` stands for cloudtrack's own client, which
    gets sources as they are stored, and fields that MLflow's messages do not have.
    """

    store_url: str
    direct: bool = False
    is_full: bool = False

    @property
    def root(self) -> str:
        """What stands before ``runs/<run id>/artifacts``."""
        return self.store_url if self.direct else f"{PROXY_SCHEME}/"

    def of(self, path: str) -> str:
        """The URI of ``runs/...`` or ``logged_models/...``."""
        return f"{self.store_url}/{path}" if self.direct else f"{PROXY_SCHEME}/{path}"

    def run(self, run_id: str, path: str = "") -> str:
        """The URI of a run's artifacts."""
        return self.of(f"runs/{run_id}/artifacts" + (f"/{path}" if path else ""))

    def logged_model(self, model_id: str) -> str:
        """The URI of a logged model's artifacts."""
        return self.of(f"logged_models/{model_id}/artifacts")

    def experiment(self, experiment_id: str) -> str:
        """A URI for an experiment. Artifacts are kept with runs; this is where MLflow's clients expect a root."""
        return self.of(f"experiments/{experiment_id}")

    def shown_source(self, source: str) -> str:
        """A version's source as clients see it."""
        return self.download_uri(source) if source.startswith("runs:/") and not self.is_full else source

    def download_uri(self, source: str) -> str:
        """Where the files of a version are."""
        match self.parse(source):
            case RunModel(run_id, path):
                return self.run(run_id, path)
            case LoggedModelFolder(model_id, path):
                return self.logged_model(model_id) + (f"/{path}" if path else "")
        return source

    def parse(self, source: str) -> ModelPlace | None:
        """What a stored source means; None for a place outside this store."""
        return parse_model_uri(source) if source.startswith(("runs:/", "models:/")) else None

    def kept_source(self, source: str) -> str:
        """A source as it is stored: places in this store without the store's address. Raises InvalidInput."""
        if source.startswith(("runs:/", "models:/")):
            check_relative(source.partition(":/")[2].lstrip("/"))
            parse_model_uri(source)
            return source
        for prefix in (f"{PROXY_SCHEME}/", f"{self.store_url}/"):
            if source.startswith(prefix):
                return _uri_of(parse_artifact_path(source[len(prefix) :].lstrip("/")))
        scheme, _, place = source.partition(":")
        if scheme.lower() not in _FOREIGN_SCHEMES or not place.strip("/"):
            raise InvalidInput(
                f"the source {source[:120]!r} is no place of a model: it must be artifacts of a run or a logged model "
                "of this store (runs:/, models:/, mlflow-artifacts:/), or in other object storage"
            )
        check_relative(place.lstrip("/"))
        return source


def _uri_of(artifact: ArtifactPath) -> str:
    if not artifact.is_run:
        return f"models:/{artifact.owner_id}" + (f"/{artifact.path}" if artifact.path else "")
    if not artifact.path:
        raise InvalidInput("a model's source is a folder among a run's artifacts, not all of them")
    return f"runs:/{artifact.owner_id}/{artifact.path}"
