"""MLflow's folder ``mlruns``, read as its files lie there; nothing of MLflow is needed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from cloudtrack.errors import CloudtrackError, CorruptData, InvalidInput, NotFound
from cloudtrack.importing.artifact_roots import ArtifactRoots
from cloudtrack.importing.foreign import (
    ForeignExperiment,
    ForeignLoggedModel,
    ForeignRegisteredModel,
    ForeignRun,
    ForeignVersion,
    RunContent,
)
from cloudtrack.importing.mlflow_values import DELETED_STAGE, model_id_in, model_status, run_status, stage_of_life
from cloudtrack.importing.omissions import Omissions
from cloudtrack.importing.values import MOST_TEXT_BYTES, decimal, text, time_ms, whole
from cloudtrack.plain_yaml import read_yaml
from cloudtrack.tracking.documents import DatasetUse, ModelMetric, ModelOutput
from cloudtrack.tracking.points import Point

_TRASH = ".trash"
_MODELS = "models"
_META = "meta.yaml"
_LONGEST_LINE = 4096
_NOT_RUNS = {"datasets", "models", "tags", "traces"}
_Meta = dict[str, Any]


class MlflowFolder:
    """A folder in which MLflow keeps experiments, runs and registered models."""

    def __init__(self, root: Path, *, artifacts: str = "") -> None:
        """Raises NotFound, InvalidInput."""
        self.root = root.resolve()
        self.name = str(root)
        self.omissions = Omissions()
        if not self.root.is_dir():
            raise NotFound(f"there is no folder {str(root)!r}")
        if not any((folder / _META).is_file() for folder in _folders(self.root)):
            raise InvalidInput(f"{str(root)!r} has no experiments of MLflow: name the folder that is called mlruns")
        allowed = [self.root, *([Path(artifacts)] if artifacts and "://" not in artifacts else [])]
        self._roots = ArtifactRoots(allowed, artifacts, self.omissions)

    def experiments(self) -> Iterator[ForeignExperiment]:
        """Those in use, then those in the trash."""
        for folder in self._experiment_folders():
            try:
                meta = _meta(folder)
                yield ForeignExperiment(
                    experiment_id=_id(meta.get("experiment_id"), folder),
                    name=text(meta.get("name"), f"the name of {folder}"),
                    lifecycle_stage=stage_of_life(meta.get("lifecycle_stage")),
                    creation_time=time_ms(meta.get("creation_time"), f"the time of {folder}") or 0,
                    last_update_time=time_ms(meta.get("last_update_time"), f"the time of {folder}") or 0,
                    tags=self._texts(folder / "tags"),
                )
            except CloudtrackError as error:
                self.omissions.add("experiments", folder.name, error.message, is_failure=True)

    def runs(self, experiment_id: str) -> Iterator[ForeignRun]:
        """As they are called, which is at random."""
        for home in self._experiment_folders(experiment_id):
            traces = home / "traces"
            if traces.is_dir():
                self.omissions.add("traces", "", "traces are not imported", count=len(_folders(traces)))
            for folder in _folders(home):
                if folder.name in _NOT_RUNS or not (folder / _META).is_file():
                    continue
                try:
                    yield self._run(folder, experiment_id)
                except CloudtrackError as error:
                    self.omissions.add("runs", folder.name, error.message, is_failure=True)

    def logged_models(self, experiment_id: str) -> Iterator[ForeignLoggedModel]:
        """Those of MLflow 3."""
        for home in self._experiment_folders(experiment_id):
            for folder in _folders(home / _MODELS):
                try:
                    yield self._logged_model(folder, experiment_id)
                except CloudtrackError as error:
                    self.omissions.add("logged models", folder.name, error.message, is_failure=True)

    def registered_models(self) -> Iterator[ForeignRegisteredModel]:
        """Those in the folder ``models``."""
        for folder in _folders(self.root / _MODELS):
            if not (folder / _META).is_file():
                continue
            try:
                meta = _meta(folder)
                yield ForeignRegisteredModel(
                    name=text(meta.get("name"), f"the name of {folder}"),
                    versions=partial(self._versions, folder),
                    creation_time=time_ms(meta.get("creation_timestamp"), f"the time of {folder}") or 0,
                    last_update_time=time_ms(meta.get("last_updated_timestamp"), f"the time of {folder}") or 0,
                    description=text(meta.get("description"), f"the description of {folder}"),
                    tags=self._texts(folder / "tags"),
                    aliases={
                        alias: whole(number, f"alias {alias!r} of {folder}")
                        for alias, number in self._texts(folder / "aliases").items()
                    },
                )
            except CloudtrackError as error:
                self.omissions.add("registered models", folder.name, error.message, is_failure=True)

    def close(self) -> None:
        """Nothing is open."""

    def _experiment_folders(self, experiment_id: str = "") -> Iterator[Path]:
        for folder in [*_folders(self.root), *_folders(self.root / _TRASH)]:
            if folder.name not in (_TRASH, _MODELS) and (not experiment_id or folder.name == experiment_id):
                yield folder

    def _run(self, folder: Path, experiment_id: str) -> ForeignRun:
        meta = _meta(folder)
        run_id = _id(meta.get("run_id") or meta.get("run_uuid"), folder)
        what = f"run {run_id[:40]}"
        return ForeignRun(
            run_id=run_id,
            experiment_id=experiment_id,
            read=partial(self._content, folder),
            points=partial(_points, folder / "metrics"),
            files=partial(
                self._roots.files, text(meta.get("artifact_uri"), what), what, _own(folder, meta.get("artifact_uri"))
            ),
            run_name=text(meta.get("run_name") or meta.get("name"), f"the name of {what}"),
            user_id=text(meta.get("user_id"), f"the user of {what}"),
            status=run_status(meta.get("status")),
            start_time=time_ms(meta.get("start_time"), f"the start of {what}"),
            end_time=time_ms(meta.get("end_time"), f"the end of {what}"),
            lifecycle_stage=stage_of_life(meta.get("lifecycle_stage")),
        )

    def _content(self, folder: Path) -> RunContent:
        inputs, model_inputs = [], []
        for used in _folders(folder / "inputs"):
            meta = _meta(used)
            if meta.get("source_type") == "MODEL":
                model_inputs.append(text(meta.get("source_id"), f"a model read by {folder}"))
                continue
            dataset = folder.parent / "datasets" / _segment(meta.get("source_id"), f"a dataset of {folder}")
            inputs.append(_dataset(_meta(dataset), meta.get("tags"), f"a dataset of run {folder.name}"))
        made = [_meta(output) for output in _folders(folder / "outputs")]
        return RunContent(
            params=self._texts(folder / "params"),
            tags=self._texts(folder / "tags"),
            inputs=inputs,
            model_inputs=model_inputs,
            outputs=[
                ModelOutput(model_id=text(m.get("destination_id"), "a model"), step=whole(m.get("step") or 0, "a step"))
                for m in made
            ],
        )

    def _logged_model(self, folder: Path, experiment_id: str) -> ForeignLoggedModel:
        meta = _meta(folder)
        model_id = _id(meta.get("model_id"), folder)
        what = f"logged model {model_id[:40]}"
        return ForeignLoggedModel(
            model_id=model_id,
            experiment_id=experiment_id,
            name=text(meta.get("name"), f"the name of {what}"),
            files=partial(
                self._roots.files,
                text(meta.get("artifact_location"), what),
                what,
                _own(folder, meta.get("artifact_location")),
            ),
            model_type=text(meta.get("model_type"), f"the type of {what}"),
            source_run_id=text(meta.get("source_run_id"), f"the run of {what}"),
            status=model_status(meta.get("status")),
            lifecycle_stage=stage_of_life(meta.get("lifecycle_stage")),
            creation_time=time_ms(meta.get("creation_timestamp"), f"the time of {what}") or 0,
            last_update_time=time_ms(meta.get("last_updated_timestamp"), f"the time of {what}") or 0,
            params=self._texts(folder / "params"),
            tags=self._texts(folder / "tags"),
            metrics=[_model_metric(key, line) for key, line in _lines(folder / "metrics")],
        )

    def _versions(self, folder: Path) -> Iterator[ForeignVersion]:
        for home in sorted(
            (each for each in _folders(folder) if each.name.startswith("version-")),
            key=lambda each: whole(each.name.removeprefix("version-"), str(each)),
        ):
            meta, what = _meta(home), f"version {home.name} of {folder.name!r}"
            source = text(meta.get("source"), f"the source of {what}")
            yield ForeignVersion(
                version=whole(meta.get("version"), f"the number of {what}"),
                creation_time=time_ms(meta.get("creation_timestamp"), f"the time of {what}") or 0,
                last_update_time=time_ms(meta.get("last_updated_timestamp"), f"the time of {what}") or 0,
                is_deleted=meta.get("current_stage") == DELETED_STAGE,
                source=source,
                description=text(meta.get("description"), f"the description of {what}"),
                user_id=text(meta.get("user_id"), f"the user of {what}"),
                stage=text(meta.get("current_stage"), f"the stage of {what}"),
                run_id=text(meta.get("run_id"), f"the run of {what}") or None,
                run_link=text(meta.get("run_link"), f"the link of {what}") or None,
                model_id=text(meta.get("model_id"), f"the model of {what}") or model_id_in(source),
                tags=self._texts(home / "tags"),
            )

    def _texts(self, folder: Path) -> dict[str, str]:
        """A file a key; the key is its path."""
        return {key: _text_of(path) for key, path in _tree(folder)}


def _folders(folder: Path) -> list[Path]:
    """The folders in a folder, but no links; none where it is not there."""
    if folder.is_symlink():
        return []
    try:
        with os.scandir(folder) as found:
            return [folder / name for name in sorted(item.name for item in found if item.is_dir(follow_symlinks=False))]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _tree(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files below a folder by path, but no links."""
    if folder.is_symlink():
        return
    for where, names, files in os.walk(folder):
        names.sort()
        for name in sorted(files):
            path = Path(where) / name
            if path.is_file() and not path.is_symlink():
                yield text(path.relative_to(folder).as_posix(), f"the name of a file in {folder}"), path


def _meta(folder: Path) -> _Meta:
    """Raises CorruptData, naming the file."""
    path = folder / _META
    try:
        if path.is_symlink():
            raise CorruptData(f"{path} is a link; links are not followed")
        found = read_yaml(path, str(path), CorruptData)
    except OSError as error:
        raise CorruptData(f"{path} cannot be read: {error.strerror}") from error
    if not isinstance(found, dict):
        raise CorruptData(f"{path} is no mapping")
    return found


def _id(value: Any, folder: Path) -> str:
    """An id, which is the folder's name too; YAML may have made a number of it. Raises CorruptData."""
    if isinstance(value, str) and value != folder.name:
        raise CorruptData(f"{folder} says that it is {value[:40]!r}")
    return folder.name


def _text_of(path: Path) -> str:
    with path.open("rb") as file:
        body = file.read(MOST_TEXT_BYTES + 1)
    if len(body) > MOST_TEXT_BYTES:
        raise CorruptData(f"{path} is larger than {MOST_TEXT_BYTES} bytes")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise CorruptData(f"{path} is not UTF-8") from error


def _lines(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """The words of each line of each file below a folder of metrics."""
    for key, path in _tree(folder):
        with path.open("rb") as file:
            while line := file.readline(_LONGEST_LINE + 1):
                if len(line) > _LONGEST_LINE:
                    raise CorruptData(f"{path} has a line of more than {_LONGEST_LINE} bytes")
                words = line.decode(errors="replace").split(" ")
                if words[-1].endswith("\n"):
                    words[-1] = words[-1][:-1]
                if words != [""]:
                    yield key, words


def _points(folder: Path) -> Iterator[Point]:
    """``timestamp value step`` a line; old files have no step."""
    for key, words in _lines(folder):
        if len(words) < 2:
            raise CorruptData(f"the metric {key!r} of {folder.parent.name} has a line that is none: {words[0][:40]!r}")
        step = whole(words[2], f"a step of metric {key!r}") if len(words) > 2 else 0
        yield key, decimal(words[1], f"metric {key!r}"), step, whole(words[0], f"a time of metric {key!r}")


def _model_metric(key: str, words: list[str]) -> ModelMetric:
    """``timestamp value step run``, and name and digest of a dataset where there is one; the name may have spaces."""
    if len(words) < 4:
        raise CorruptData(f"the metric {key!r} of a logged model has a line that is none")
    has_dataset = len(words) > 5
    return ModelMetric(
        key=key,
        value=decimal(words[1], f"metric {key!r}"),
        timestamp=whole(words[0], f"a time of metric {key!r}"),
        step=whole(words[2], f"a step of metric {key!r}"),
        run_id=words[3],
        dataset_name=" ".join(words[4:-1]) if has_dataset else None,
        dataset_digest=words[-1] if has_dataset else None,
    )


def _dataset(meta: _Meta, tags: Any, what: str) -> DatasetUse:
    return DatasetUse(
        name=text(meta.get("name"), what),
        digest=text(meta.get("digest"), what),
        source_type=text(meta.get("source_type"), what),
        source=text(meta.get("source"), what),
        dataset_schema=text(meta.get("schema"), what) or None,
        dataset_profile=text(meta.get("profile"), what) or None,
        tags={text(key, what): text(value, what) for key, value in (tags if isinstance(tags, dict) else {}).items()},
    )


def _segment(value: Any, what: str) -> str:
    """A name of a folder, that leads nowhere else. Raises CorruptData."""
    name = text(value, what)
    if not name or name in (".", "..") or "/" in name or "\\" in name or "\x00" in name:
        raise CorruptData(f"{what} is {name[:40]!r}, which is no name of a folder")
    return name


def _own(folder: Path, uri: Any) -> Path | None:
    """The folder's own artifacts, where the address means them: on whatever machine it was written."""
    tail = f"{folder.name}/artifacts"
    return folder / "artifacts" if str(uri or "").rstrip("/").endswith(tail) else None
