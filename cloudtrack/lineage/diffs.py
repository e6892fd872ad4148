"""Comparing two versions by what is known of them without their weights.

Six objects are read where both are pinned: two manifests, which have the text of MLmodel and of the requirements, two
documents of runs, and two patches.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Mapping
from typing import Any, Protocol

from cloudtrack.entities.manifest import Manifest
from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.entities.run import Run
from cloudtrack.environments.specification import REQUIREMENTS
from cloudtrack.errors import NotFound
from cloudtrack.lineage.lineage import MayReadRun, everything
from cloudtrack.lineage.version_diff import Difference, FileChange, Side, VersionDiff
from cloudtrack.models.model_file import FILE_NAME, Model
from cloudtrack.storage.parallel import map_in_order
from cloudtrack.tracking.source_files import PATCH

COMMIT, DIRTY = "mlflow.source.git.commit", "cloudtrack.git.dirty"
_MOST_PATCH_BYTES = 1 << 20
"""Longer patches are not compared line by line."""
_PACKAGE = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)(\[[^]]*\])?\s*(.*?)\s*$")


class _Services(Protocol):
    """What comparing needs of a client."""

    def find_version(self, model_uri: str) -> ModelVersion: ...

    def manifest_of(self, version: ModelVersion) -> Manifest: ...

    @property
    def runs(self) -> Any: ...

    @property
    def source_files(self) -> Any: ...


class ModelDiffs:
    """Comparisons of one store's versions."""

    def __init__(self, client: _Services) -> None:
        self._client = client

    def diff(self, before_uri: str, after_uri: str, *, may_read_run: MayReadRun = everything) -> VersionDiff:
        """How the second version differs from the first; each is named by a ``models:/`` or ``release:/`` URI.

        ``may_read_run`` says of which runs the asker may know. Raises NotFound, InvalidInput.
        """
        sides = map_in_order(self._client.find_version, [before_uri, after_uri])
        manifests = map_in_order(self._client.manifest_of, sides)
        runs = map_in_order(lambda side: self._run(side, may_read_run), sides)
        patches = map_in_order(self._patch, runs)
        return compare(sides, manifests, runs, patches)

    def _run(self, version: ModelVersion, may_read_run: MayReadRun) -> Run | None:
        if not version.run_id or not may_read_run(version.run_id):
            return None
        try:
            run: Run = self._client.runs.get(version.run_id)
        except NotFound:
            return None
        return run

    def _patch(self, run: Run | None) -> str | None:
        """The patch of a run; nothing of a clean tree, None where there is no run or it was not stored."""
        if run is None:
            return None
        if run.data.tags.get(DIRTY) != "true":
            return ""
        body: bytes | None = self._client.source_files.read(run.info.run_id, PATCH)
        return None if body is None else body.decode(errors="replace")


def compare(
    sides: list[ModelVersion], manifests: list[Manifest], runs: list[Run | None], patches: list[str | None]
) -> VersionDiff:
    """The comparison of what was read of two versions."""
    models = [_model(manifest) for manifest in manifests]
    requirements = [_requirements(manifest.texts.get(REQUIREMENTS, "")) for manifest in manifests]
    left_out = [
        f"the run of {side.name}/{side.version} is not there, or not for you to read"
        for side, run in zip(sides, runs, strict=True)
        if run is None
    ]
    params, metrics, patch = [], [], ""
    if runs[0] is not None and runs[1] is not None:
        params = _differences(runs[0].data.params, runs[1].data.params)
        metrics = _differences(runs[0].data.metrics, runs[1].data.metrics)
        patch, why = _patch_diff(*patches)
        left_out += why
    return VersionDiff(
        before=_side(sides[0], runs[0]),
        after=_side(sides[1], runs[1]),
        files=_files(*manifests),
        flavors=_differences(*(_flat(model.flavors) for model in models)),
        signature=_differences(*(model.signature.to_dict() if model.signature else {} for model in models)),
        requirements=_differences(*requirements),
        tags=_differences(sides[0].tags, sides[1].tags),
        params=params,
        metrics=metrics,
        patch=patch,
        left_out=left_out,
    )


def _side(version: ModelVersion, run: Run | None) -> Side:
    commit = run.data.tags.get(COMMIT) if run else None
    return Side(name=version.name, version=version.version, run_id=version.run_id, git_commit=commit)


def _files(before: Manifest, after: Manifest) -> list[FileChange]:
    found = []
    for path in sorted(before.files.keys() | after.files.keys()):
        old, new = before.files.get(path), after.files.get(path)
        if old is None and new is not None:
            found.append(FileChange(path=path, change="added", after_bytes=new.size))
        elif new is None and old is not None:
            found.append(FileChange(path=path, change="removed", before_bytes=old.size))
        elif old is not None and new is not None and old.sha256 != new.sha256:
            found.append(FileChange(path=path, change="changed", before_bytes=old.size, after_bytes=new.size))
    return found


def _model(manifest: Manifest) -> Model:
    return Model.from_bytes(manifest.texts[FILE_NAME].encode())


def _flat(flavors: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    return {
        f"{flavor}.{key}": value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
        for flavor, entry in flavors.items()
        for key, value in entry.items()
        if value is not None
    }


def _requirements(text: str) -> dict[str, str]:
    """What is asked for, by the name of the package; other lines by themselves."""
    found = {}
    for line in text.splitlines():
        match = _PACKAGE.match(line)
        if match and not line.lstrip().startswith("#"):
            name = re.sub(r"[-_.]+", "-", match[1]).lower()
            found[name + (match[2] or "")] = match[3] or "any"
        elif line.strip() and not line.lstrip().startswith("#"):
            found[line.strip()] = "any"
    return found


def _differences(before: Mapping[str, str | float | None], after: Mapping[str, str | float | None]) -> list[Difference]:
    found = []
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if old == new or (_is_nan(old) and _is_nan(new)):
            continue
        by = new - old if isinstance(old, int | float) and isinstance(new, int | float) else None
        found.append(Difference(key=key, before=old, after=new, by=by))
    return found


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _patch_diff(before: str | None, after: str | None) -> tuple[str, list[str]]:
    if before is None or after is None:
        return "", ["the uncommitted code of a run was not stored"]
    if before == after:
        return "", []
    if len(before) + len(after) > _MOST_PATCH_BYTES:
        return "", [f"the uncommitted code differs, and is too long to compare: over {_MOST_PATCH_BYTES} characters"]
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), "before/code.patch", "after/code.patch", lineterm=""
    )
    return "\n".join(lines), []
