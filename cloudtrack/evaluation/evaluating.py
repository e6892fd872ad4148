"""``evaluate``: a model on data, with what it found logged to a run, the dataset and the model.

Names, arguments and values as MLflow's; source:
https://mlflow.org/docs/latest/api_reference/python_api/mlflow.models.html#mlflow.models.evaluate
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cloudtrack.autologging.patching import unobserved
from cloudtrack.errors import CloudtrackError, InvalidInput
from cloudtrack.evaluation.classification import (
    Classification,
    classification_of,
    measure_classifier,
    per_class_table,
)
from cloudtrack.evaluation.contents import read_content, write_content
from cloudtrack.evaluation.extra_metrics import Arguments, compute_extra_metrics
from cloudtrack.evaluation.metric import EvaluationMetric, MetricValue, names_of
from cloudtrack.evaluation.options import DEFAULT, Options, read_options
from cloudtrack.evaluation.plots import figures_of
from cloudtrack.evaluation.regression import measure_regressor
from cloudtrack.evaluation.result import TABLE, EvaluationArtifact, EvaluationResult
from cloudtrack.evaluation.rows import Rows, one_for_each, read_rows
from cloudtrack.evaluation.subject import OUTPUT_COLUMN, Predictions, Subject, subject_of
from cloudtrack.fluent.active_runs import active_run, start_run
from cloudtrack.fluent.artifacts import get_artifact_uri, log_artifact, log_text
from cloudtrack.fluent.logging import log_input, log_metrics

CLASSIFIER, REGRESSOR = "classifier", "regressor"
CONTEXT = "eval"
_LANGUAGE = ("question-answering", "text-summarization", "text", "retriever")

CustomArtifact = Callable[[Any, dict[str, float], str], Mapping[str, Any] | None]


def evaluate(
    model: Any = None,
    data: Any = None,
    *,
    model_type: str | None = None,
    targets: Any = None,
    predictions: str | None = None,
    dataset_path: str | None = None,
    feature_names: Sequence[str] | None = None,
    evaluators: Any = None,
    evaluator_config: Mapping[str, Any] | None = None,
    extra_metrics: Sequence[EvaluationMetric] | None = None,
    custom_artifacts: Sequence[CustomArtifact] | None = None,
    env_manager: str = "local",
    model_config: Any = None,
    inference_params: Mapping[str, Any] | None = None,
    model_id: str | None = None,
) -> EvaluationResult:
    """Evaluate a model on data, and log what is found to the active run, or to one that begins and ends here.

    ``model`` is a model's URI or folder, what ``pyfunc.load_model`` gives, or a function of the features; without one,
    ``predictions`` names the column of ``data`` that has them. ``data`` is a DataFrame, an array, lists, or a dataset
    of ``cloudtrack.data``; ``targets`` the name of its column, or an array. ``model_type`` is ``classifier`` or
    ``regressor``, and may be left out where there are ``extra_metrics``. ``custom_artifacts`` are functions of a
    DataFrame ``eval_df``, of the metrics and of a temporary folder, each of which gives objects, or paths in that
    folder, by name. ``evaluator_config`` is described in docs/evaluation.md.

    The run has the dataset as an input (``eval``), and metrics that say on which dataset they were computed and, with
    ``model_id`` or a model that was logged, of which model. Raises InvalidInput that says what is wrong with data,
    predictions, a metric or an artifact.
    """
    metrics = list(extra_metrics or ())
    _check(model_type, metrics, env_manager)
    taken = {name for metric in metrics for name in metric.arguments}
    options = read_options(evaluators, evaluator_config, taken)
    rows = read_rows(data, targets, predictions, feature_names, dataset_path, has_model=model is not None)
    if model_type is not None:
        if rows.targets is None:
            raise InvalidInput(f"a {model_type} is evaluated with targets: name their column, or give an array")
        _check_all_there("targets", rows.targets)
    options = replace(options, sample_weights=one_for_each("sample_weights", options.sample_weights, len(rows)))
    column = predictions or rows.dataset.predictions
    with unobserved():
        subject = subject_of(model, column, model_config, inference_params, model_id)
        with _run() as run_id:
            described = rows.dataset.to_entity()
            log_input(described, CONTEXT)
            found = subject.predictions(rows, column, is_classifier=model_type == CLASSIFIER)
            evaluation = _Evaluation(subject, rows, found, options, column or OUTPUT_COLUMN)
            evaluation.measure(model_type, metrics)
            on = described if options.log_metrics_with_dataset_info else None
            log_metrics(evaluation.metrics, dataset=on, model_id=subject.model_id)
            artifacts = evaluation.log_artifacts(custom_artifacts or ())
    return EvaluationResult(evaluation.metrics, artifacts, run_id)


def list_evaluators() -> list[str]:
    """The names for ``evaluators``."""
    return [DEFAULT]


@dataclass
class _Evaluation:
    """What was computed of predictions."""

    subject: Subject
    rows: Rows
    found: Predictions
    options: Options
    output_column: str

    def __post_init__(self) -> None:
        self.built_in: dict[str, float] = {}
        self.extra: dict[str, MetricValue] = {}
        self.classes: Classification | None = None

    @property
    def metrics(self) -> dict[str, float]:
        """All, as they are logged."""
        prefix = self.options.metric_prefix
        all_metrics = dict(self.built_in)
        for name, value in self.extra.items():
            all_metrics |= names_of(name, value)
        return {f"{prefix}{name}": value for name, value in all_metrics.items()}

    def measure(self, model_type: str | None, metrics: Sequence[EvaluationMetric]) -> None:
        """Compute the metrics of the type, then those of the caller's own."""
        rows, found, options = self.rows, self.found, self.options
        if model_type is not None:
            _check_all_there("predictions", found.values)
            with _translated(model_type):
                if (score := self.subject.score(rows, options.sample_weights)) is not None:
                    self.built_in["score"] = score
                if model_type == CLASSIFIER:
                    self.classes = classification_of(rows.targets, found, options)
                    self.built_in |= measure_classifier(self.classes, options.average)
                else:
                    self.built_in |= measure_regressor(rows.targets, found.values, options.sample_weights)
        self.extra = compute_extra_metrics(metrics, self._arguments()) if metrics else {}

    def log_artifacts(self, custom: Sequence[CustomArtifact]) -> dict[str, EvaluationArtifact]:
        """Write tables, figures and what the caller's functions make to the run."""
        with tempfile.TemporaryDirectory(prefix="cloudtrack-") as folder:
            writer = _Writer(Path(folder))
            prefix = self.options.metric_prefix
            if self.classes is not None:
                curves = len(self.classes.labels) <= max(2, self.options.max_classes_for_multiclass_roc_pr)
                if not self.classes.is_binary:
                    writer.log("per_class_metrics", per_class_table(self.classes, with_curves=curves), prefix)
                for name, figure in figures_of(self.classes, with_curves=curves):
                    writer.log(name, figure, prefix)
            if any(value.scores is not None or value.justifications is not None for value in self.extra.values()):
                writer.log_table(TABLE, self._table_of_scores(), prefix)
            for number, function in enumerate(custom):
                own = Path(folder) / f"own-{number}"
                own.mkdir()
                for name, content in self._made_by(function, own).items():
                    writer.log(name, content)
            return writer.artifacts

    def _made_by(self, function: CustomArtifact, folder: Path) -> Mapping[str, Any]:
        name = getattr(function, "__name__", repr(function))
        try:
            made = function(self._eval_df(), dict(self.built_in), str(folder))
        except CloudtrackError:
            raise
        except Exception as error:
            raise InvalidInput(f"the custom artifact {name!r} failed: {type(error).__name__}: {error}") from error
        if made is not None and not isinstance(made, Mapping):
            raise InvalidInput(f"the custom artifact {name!r} gives a {type(made).__name__}: it gives objects by name")
        return made or {}

    def _eval_df(self) -> Any:
        import pandas

        columns = {"prediction": self.found.values}
        return pandas.DataFrame(columns if self.rows.targets is None else {**columns, "target": self.rows.targets})

    def _arguments(self) -> Arguments:
        import pandas

        given = self.found.table
        columns = dict(self.rows.table.items()) | ({} if given is None else dict(given.items()))
        return Arguments(
            predictions=pandas.Series(self.found.values, name="predictions"),
            targets=None if self.rows.targets is None else pandas.Series(self.rows.targets, name="targets"),
            eval_df=self._eval_df(),
            columns={str(name): values for name, values in columns.items()},
            built_in=self.built_in,
            config={**self.options.given, "sample_weights": self.options.sample_weights},
            col_mapping=self.options.col_mapping,
        )

    def _table_of_scores(self) -> Any:
        table = self.rows.table.copy()
        table[self.output_column] = self.found.values
        for name, value in self.extra.items():
            if value.scores is not None:
                table[f"{name}/score"] = list(value.scores)
            if value.justifications is not None:
                table[f"{name}/justification"] = list(value.justifications)
        return table


class _Writer:
    """Writes artifacts to the active run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "files"
        self._root = get_artifact_uri()
        self.artifacts: dict[str, EvaluationArtifact] = {}

    def log(self, name: str, content: Any, prefix: str = "") -> None:
        """Write an object as a file of its kind."""
        file = write_content(self._folder, f"{prefix}{name}", content)
        path = file.relative_to(self._folder)
        log_artifact(file, path.parent.as_posix() if path.parent.parts else None)
        self._note(name, path.as_posix(), content if file.suffix == ".pickle" else _kept(read_content(file)))

    def log_table(self, name: str, table: Any, prefix: str = "") -> None:
        """Write a table as the page and ``load_table`` read it."""
        path = f"{prefix}{name}.json"
        text = table.to_json(orient="split", index=False, force_ascii=False, date_format="iso")
        log_text(text, path)
        self._note(name, path, table.to_dict(orient="split"))

    def _note(self, name: str, path: str, content: Any) -> None:
        self.artifacts[name] = EvaluationArtifact(f"{self._root}/{path}", content)


def _kept(content: Any) -> Any:
    """A picture is read from its file when it is looked at, and the file will be gone."""
    if hasattr(content, "tobitmap"):
        content.load()
    return content


@contextmanager
def _run() -> Iterator[str]:
    """The active run, or one that begins and ends here."""
    active = active_run()
    if active is not None:
        yield active.info.run_id
        return
    with start_run() as run:
        yield run.info.run_id


@contextmanager
def _translated(model_type: str) -> Iterator[None]:
    """What scikit-learn refuses, in words of the caller's."""
    try:
        yield
    except CloudtrackError:
        raise
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"targets and predictions are not those of a {model_type}: {error}") from error


def _check(model_type: str | None, metrics: Sequence[Any], env_manager: str) -> None:
    if model_type in _LANGUAGE:
        raise InvalidInput(
            f"model_type {model_type!r} is of language models, which are not evaluated here; it is "
            f"{CLASSIFIER!r} or {REGRESSOR!r}"
        )
    if model_type not in (CLASSIFIER, REGRESSOR, None):
        raise InvalidInput(f"model_type is {model_type!r}; it is {CLASSIFIER!r} or {REGRESSOR!r}")
    if model_type is None and not metrics:
        raise InvalidInput("evaluate takes a model_type, 'classifier' or 'regressor', or extra_metrics")
    if env_manager != "local":
        raise InvalidInput(
            f"env_manager is {env_manager!r}; models are evaluated in this process: predict with `cloudtrack models "
            "predict --env-manager uv`, and give evaluate the predictions"
        )
    for metric in metrics:
        if not isinstance(metric, EvaluationMetric):
            raise InvalidInput(f"extra_metrics has a {type(metric).__name__}; each is made by make_metric")


def _check_all_there(role: str, values: Any) -> None:
    import pandas

    missing = int(pandas.isna(values).sum())
    if missing:
        raise InvalidInput(f"{role} are missing in {missing} of {len(values)} rows: leave those rows out, or fill them")
