"""Autologging of Spark ML: every ``Estimator.fit``, searches over params, and metrics of evaluators.

Source of what is logged: https://mlflow.org/docs/latest/api_reference/python_api/mlflow.pyspark.ml.html
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from cloudtrack.autologging.callers import name_in_program
from cloudtrack.autologging.patching import Call, guarded, patch
from cloudtrack.autologging.session import Training, log_to_run, training
from cloudtrack.autologging.settings import AUTOLOGGING_TAG, Framework, Settings, settings_of, switch
from cloudtrack.entities.run import RunStatus
from cloudtrack.fluent import active_runs, artifacts, session
from cloudtrack.tracking.run_index import PARENT_RUN_TAG

_NAME = "spark"
_PREPARING = "pyspark.ml.feature"
_RUN = "_cloudtrack_run"


def autolog(
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    log_post_training_metrics: bool = True,
    registered_model_name: str | None = None,
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_model_allowlist: Any = None,
    extra_tags: Mapping[str, str] | None = None,
) -> None:
    """Log what Spark ML fits: params of all stages, the model, the candidates of a search as runs below its own.

    With ``log_post_training_metrics``, what an evaluator says of a table that a model made goes to the model's run.
    ``log_model_allowlist`` holds names of classes of models; no others are logged. Tables of Spark are not read for a
    dataset, an example or a signature: it would compute them once more.
    """
    settings = Settings(
        log_models=log_models,
        log_datasets=log_datasets,
        log_input_examples=log_input_examples,
        log_model_signatures=log_model_signatures,
        exclusive=exclusive,
        silent=silent,
        registered_model_name=registered_model_name,
        extra_tags=extra_tags,
        options={"log_post_training_metrics": log_post_training_metrics, "allowed": log_model_allowlist},
    )
    switch(_FRAMEWORK, settings, disable=disable, disable_for_unsupported_versions=disable_for_unsupported_versions)


def _observe_fit(call: Call) -> Generator[None]:
    if type(call.owner).__module__ == _PREPARING:
        yield
        return
    with training(_NAME, call) as logged:
        if logged is not None:
            with guarded("params of Spark ML"):
                kind = type(call.owner)
                logged.set_tags(
                    {"estimator_name": kind.__name__, "estimator_class": f"{kind.__module__}.{kind.__name__}"}
                )
                logged.log_params(_params_of(call.owner))
        yield
        if logged is not None and call.error is None and not isinstance(call.result, list):
            _log_fitted(logged, call.owner, call.result)


def _log_fitted(logged: Training, estimator: Any, model: Any) -> None:
    allowed = logged.option("allowed")
    name = f"{type(model).__module__}.{type(model).__name__}"
    if allowed is None or name in allowed or type(model).__name__ in allowed:
        logged.log_model(model)
    setattr(model, _RUN, logged.run_id)
    if hasattr(estimator, "getEstimatorParamMaps"):
        with guarded("the candidates of a search"):
            _log_search(logged, estimator, model)


def _params_of(estimator: Any, prefix: str = "") -> dict[str, Any]:
    """Values by name; those of a stage of a pipeline, or of what a search tries, with its name before them."""
    found: dict[str, Any] = {}
    values = {param.name: value for param, value in estimator.extractParamMap().items()}
    for name, value in values.items():
        if name == "stages":
            found[f"{prefix}{name}"] = [type(stage).__name__ for stage in value]
            for stage in value:
                found.update(_params_of(stage, f"{prefix}{type(stage).__name__}."))
        elif name == "estimatorParamMaps":
            continue  # the candidates' runs say what was tried
        elif name == "estimator":
            found[f"{prefix}{name}"] = type(value).__name__
        elif hasattr(value, "extractParamMap"):
            found[f"{prefix}{name}"] = type(value).__name__
            found.update(_params_of(value, f"{prefix}{type(value).__name__}."))
        else:
            found[f"{prefix}{name}"] = value
    return found


def _named(param_map: Mapping[Any, Any]) -> dict[str, Any]:
    return {param.name: value for param, value in param_map.items()}


def _log_search(logged: Training, search: Any, model: Any) -> None:
    maps = search.getEstimatorParamMaps()
    found: Any = getattr(model, "avgMetrics", None) or getattr(model, "validationMetrics", ())
    scores = list(found)
    larger = search.getEvaluator().isLargerBetter()
    metric = search.getEvaluator().getMetricName()
    best = max(range(len(scores)), key=lambda at: scores[at] if larger else -scores[at])
    best_params = {f"best_{param.parent.partition('_')[0]}.{param.name}": value for param, value in maps[best].items()}
    logged.log_params(best_params)
    logged.log_metrics({f"best_{metric}": scores[best]})
    import pandas

    rows = [{**_named(each), metric: score} for each, score in zip(maps, scores, strict=True)]
    artifacts.log_text(pandas.DataFrame(rows).to_csv(index=False), "search_results.csv", run_id=logged.run_id)
    experiment = session.client().experiments.get(logged.run.info.experiment_id)
    spreads = list(getattr(model, "stdMetrics", None) or [None] * len(maps))
    for each, score, spread in zip(maps, scores, spreads, strict=True):
        tags = {PARENT_RUN_TAG: logged.run_id, AUTOLOGGING_TAG: _NAME, **(logged.settings.extra_tags or {})}
        run, writer = session.client().runs.start_writer(experiment, tags=tags, user_id=session.client().user)
        child = Training(active_runs.ActiveRun(run, writer, None), _NAME, logged.settings)
        kind = type(search.getEstimator())
        child.set_tags({"estimator_name": kind.__name__, "estimator_class": f"{kind.__module__}.{kind.__name__}"})
        child.log_params({**_params_of(search.getEstimator()), **_named(each)})
        child.log_metrics(
            {f"avg_{metric}": score} if spread is None else {f"avg_{metric}": score, f"std_{metric}": spread}
        )
        writer.finish(RunStatus.FINISHED)


def _observe_transform(call: Call) -> Generator[None]:
    """The table that a model makes remembers the model's run."""
    yield
    run_id = getattr(call.owner, _RUN, None)
    if run_id is not None and call.error is None:
        setattr(call.result, _RUN, (run_id, name_in_program(call.arguments()["dataset"])))


def _observe_evaluation(call: Call) -> Generator[None]:
    yield
    settings = settings_of(_NAME)
    run_id, dataset = getattr(call.arguments().get("dataset"), _RUN, ("", ""))
    if settings is not None and settings.options["log_post_training_metrics"] and call.error is None and run_id:
        log_to_run(run_id, f"{call.owner.getMetricName()}_{dataset}", call.result)


def _patch_base(module: Any) -> None:
    patch(_NAME, module.Estimator, "fit", _observe_fit)
    patch(_NAME, module.Transformer, "transform", _observe_transform)


def _patch_evaluators(module: Any) -> None:
    patch(_NAME, module.Evaluator, "evaluate", _observe_evaluation)
    for kind in list(vars(module).values()):
        if isinstance(kind, type) and issubclass(kind, module.Evaluator):
            patch(_NAME, kind, "evaluate", _observe_evaluation)


_FRAMEWORK = Framework(
    _NAME, "pyspark", "4", {"pyspark.ml.base": _patch_base, "pyspark.ml.evaluation": _patch_evaluators}
)
