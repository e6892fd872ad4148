"""What ``evaluator_config`` may say."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from cloudtrack.errors import InvalidInput

DEFAULT = "default"
"""The name of the one evaluator."""
AVERAGES = ("weighted", "macro", "micro")
_EXPLAINING = (
    *("log_model_explainability", "log_explainer", "explainability_algorithm"),
    *("explainability_nsamples", "explainability_kernel_link"),
)
"""MLflow's options for explanations by SHAP; whoever switches them off gets what they want."""


@dataclass(frozen=True)
class Options:
    """How metrics are computed and named."""

    pos_label: Any = None
    """The positive class of two; by default the greater."""
    average: str = "weighted"
    """How precision, recall, F1 and ROC AUC of several classes become one number."""
    sample_weights: Any = None
    label_list: Sequence[Any] | None = None
    """All classes, where the data may lack some."""
    max_classes_for_multiclass_roc_pr: int = 10
    """Up to so many classes each has its curves."""
    metric_prefix: str = ""
    log_metrics_with_dataset_info: bool = True
    """Whether logged metrics say on which dataset they were computed."""
    col_mapping: Mapping[str, Any] = field(default_factory=dict)
    """For metrics of one's own: argument to column, or to a value."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """All that the caller gave, which metrics of one's own may take as arguments."""


_KNOWN = tuple(each.name for each in fields(Options) if each.name != "given")


def read_options(evaluators: Any, config: Mapping[str, Any] | None, taken_by_metrics: Collection[str] = ()) -> Options:
    """The options of the one evaluator. Raises InvalidInput for another, and for options that nobody knows.

    ``taken_by_metrics`` are the arguments of metrics of the caller's own, which may be given here too.
    """
    if evaluators not in (None, DEFAULT, [DEFAULT]):
        raise InvalidInput(f"evaluators is {evaluators!r}; there is one, {DEFAULT!r}: leave it out")
    given = dict(config or {})
    if set(given) == {DEFAULT} and isinstance(given[DEFAULT], Mapping):
        given = dict(given[DEFAULT])
    wanted = [key for key in _EXPLAINING if given.pop(key, None)]
    if wanted:
        raise InvalidInput(
            f"evaluator_config asks for {', '.join(wanted)}: explanations by SHAP are not made here; leave it out, and "
            "compute them with shap itself"
        )
    if unknown := sorted(str(key) for key in given if key not in _KNOWN and key not in taken_by_metrics):
        known = ", ".join(_KNOWN)
        raise InvalidInput(f"evaluator_config has {', '.join(unknown)}, which nothing takes; it knows {known}")
    known_ones = {key: given[key] for key in _KNOWN if given.get(key) is not None}
    return _checked(Options(**known_ones, given=given))


def _checked(options: Options) -> Options:
    if options.average not in AVERAGES:
        raise InvalidInput(f"average is {options.average!r}; it is one of {', '.join(AVERAGES)}")
    if not isinstance(options.metric_prefix, str):
        raise InvalidInput(f"metric_prefix is {options.metric_prefix!r}; it is text")
    if not isinstance(options.col_mapping, Mapping):
        raise InvalidInput("col_mapping is a dictionary of arguments of metrics and the columns that they mean")
    return options
