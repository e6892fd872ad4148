"""What an evaluation found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.evaluation.contents import read_content, write_content

_METRICS = "metrics.json"
_ARTIFACTS = "artifacts_metadata.json"
_FOLDER = "artifacts"
TABLE = "eval_results_table"
"""The name of the table with the scores of each row."""


class EvaluationArtifact:
    """A file that an evaluation made: where it is, and what is in it."""

    def __init__(self, uri: str, content: Any = None) -> None:
        self.uri = uri
        self.content = content
        """A DataFrame of CSV, PIL's picture, numpy's array, what JSON says, text, or the object that was pickled."""

    def __repr__(self) -> str:
        return f"EvaluationArtifact(uri={self.uri!r})"


class EvaluationResult:
    """Metrics and artifacts of an evaluation, by name; and the run that has them."""

    def __init__(
        self,
        metrics: Mapping[str, Any],
        artifacts: Mapping[str, EvaluationArtifact],
        run_id: str | None = None,
    ) -> None:
        self.metrics = dict(metrics)
        self.artifacts = dict(artifacts)
        self.run_id = run_id

    @property
    def tables(self) -> dict[str, Any]:
        """``eval_results_table`` as a DataFrame: a row for each of the data, where a metric has scores of rows."""
        import pandas

        return {
            name: pandas.DataFrame(artifact.content["data"], columns=artifact.content["columns"])
            for name, artifact in self.artifacts.items()
            if name == TABLE
        }

    def save(self, path: str | Path) -> None:
        """Write it into a local folder, which is made where it is not there."""
        folder = Path(path)
        (folder / _FOLDER).mkdir(parents=True, exist_ok=True)
        (folder / _METRICS).write_text(json.dumps(self.metrics), encoding="utf-8")
        said = {}
        for name, artifact in self.artifacts.items():
            file = write_content(folder / _FOLDER, name, artifact.content)
            said[name] = {"uri": artifact.uri, "file": file.relative_to(folder).as_posix()}
        (folder / _ARTIFACTS).write_text(json.dumps(said), encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> EvaluationResult:
        """What ``save`` wrote. Raises NotFound, and PermissionDenied for a pickle that would run code."""
        folder = Path(path)
        if not (folder / _METRICS).is_file():
            raise NotFound(f"there is no result of an evaluation in {str(folder)!r}: it has no {_METRICS}")
        said = json.loads((folder / _ARTIFACTS).read_text(encoding="utf-8"))
        artifacts = {}
        for name, each in said.items():
            file = folder / each["file"]
            if not file.resolve().is_relative_to(folder.resolve()):
                raise InvalidInput(f"the artifact {name!r} names a file outside of {str(folder)!r}")
            artifacts[name] = EvaluationArtifact(each["uri"], read_content(file))
        return cls(json.loads((folder / _METRICS).read_text(encoding="utf-8")), artifacts)

    def __repr__(self) -> str:
        return f"EvaluationResult(metrics={self.metrics!r}, artifacts={sorted(self.artifacts)}, run_id={self.run_id!r})"
