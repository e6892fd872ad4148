"""cloudtrack: experiment tracking and a model registry with nothing but a bucket or a folder.

    import cloudtrack as ct

    ct.set_tracking_uri("s3://bucket/prefix")  # or a folder, or a server at https://
    with ct.start_run():
        ct.log_param("depth", 3)
        ct.log_metric("loss", 0.5, step=1)

The names and signatures are those of MLflow's Python interface. Everything is loaded when it is first
used: importing this loads no other library.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cloudtrack import artifacts as artifacts
    from cloudtrack import client as client
    from cloudtrack import config as config
    from cloudtrack import data as data
    from cloudtrack import entities as entities
    from cloudtrack import exceptions as exceptions
    from cloudtrack import models as models
    from cloudtrack import projects as projects
    from cloudtrack import tracking as tracking
    from cloudtrack import version as version
    from cloudtrack.autologging import lightning as lightning
    from cloudtrack.autologging import optuna as optuna
    from cloudtrack.autologging import ray as ray
    from cloudtrack.autologging.universal import autolog as autolog
    from cloudtrack.client import Client as Client
    from cloudtrack.client import connect as connect
    from cloudtrack.errors import CloudtrackError as CloudtrackError
    from cloudtrack.evaluation import evaluate as evaluate
    from cloudtrack.evaluation import metrics as metrics
    from cloudtrack.evaluation import validate_evaluation_results as validate_evaluation_results
    from cloudtrack.exceptions import MlflowException as MlflowException
    from cloudtrack.flavors import catboost as catboost
    from cloudtrack.flavors import keras as keras
    from cloudtrack.flavors import lightgbm as lightgbm
    from cloudtrack.flavors import onnx as onnx
    from cloudtrack.flavors import prophet as prophet
    from cloudtrack.flavors import pyfunc as pyfunc
    from cloudtrack.flavors import pytorch as pytorch
    from cloudtrack.flavors import sentence_transformers as sentence_transformers
    from cloudtrack.flavors import sklearn as sklearn
    from cloudtrack.flavors import spacy as spacy
    from cloudtrack.flavors import spark as spark
    from cloudtrack.flavors import statsmodels as statsmodels
    from cloudtrack.flavors import tensorflow as tensorflow
    from cloudtrack.flavors import transformers as transformers
    from cloudtrack.flavors import xgboost as xgboost
    from cloudtrack.fluent import system_metrics as system_metrics
    from cloudtrack.fluent.active_models import ActiveModel as ActiveModel
    from cloudtrack.fluent.active_models import clear_active_model as clear_active_model
    from cloudtrack.fluent.active_models import get_active_model_id as get_active_model_id
    from cloudtrack.fluent.active_models import log_model_params as log_model_params
    from cloudtrack.fluent.active_models import set_active_model as set_active_model
    from cloudtrack.fluent.active_runs import ActiveRun as ActiveRun
    from cloudtrack.fluent.active_runs import active_run as active_run
    from cloudtrack.fluent.active_runs import end_run as end_run
    from cloudtrack.fluent.active_runs import last_active_run as last_active_run
    from cloudtrack.fluent.active_runs import start_run as start_run
    from cloudtrack.fluent.artifacts import get_artifact_uri as get_artifact_uri
    from cloudtrack.fluent.artifacts import load_table as load_table
    from cloudtrack.fluent.artifacts import log_artifact as log_artifact
    from cloudtrack.fluent.artifacts import log_artifacts as log_artifacts
    from cloudtrack.fluent.artifacts import log_dict as log_dict
    from cloudtrack.fluent.artifacts import log_figure as log_figure
    from cloudtrack.fluent.artifacts import log_image as log_image
    from cloudtrack.fluent.artifacts import log_table as log_table
    from cloudtrack.fluent.artifacts import log_text as log_text
    from cloudtrack.fluent.doctor import doctor as doctor
    from cloudtrack.fluent.image import Image as Image
    from cloudtrack.fluent.logged_models import create_external_model as create_external_model
    from cloudtrack.fluent.logged_models import delete_logged_model_tag as delete_logged_model_tag
    from cloudtrack.fluent.logged_models import finalize_logged_model as finalize_logged_model
    from cloudtrack.fluent.logged_models import get_logged_model as get_logged_model
    from cloudtrack.fluent.logged_models import initialize_logged_model as initialize_logged_model
    from cloudtrack.fluent.logged_models import last_logged_model as last_logged_model
    from cloudtrack.fluent.logged_models import search_logged_models as search_logged_models
    from cloudtrack.fluent.logged_models import set_logged_model_tags as set_logged_model_tags
    from cloudtrack.fluent.logging import delete_tag as delete_tag
    from cloudtrack.fluent.logging import flush as flush
    from cloudtrack.fluent.logging import flush_async_logging as flush_async_logging
    from cloudtrack.fluent.logging import log_input as log_input
    from cloudtrack.fluent.logging import log_inputs as log_inputs
    from cloudtrack.fluent.logging import log_metric as log_metric
    from cloudtrack.fluent.logging import log_metrics as log_metrics
    from cloudtrack.fluent.logging import log_outputs as log_outputs
    from cloudtrack.fluent.logging import log_param as log_param
    from cloudtrack.fluent.logging import log_params as log_params
    from cloudtrack.fluent.logging import set_tag as set_tag
    from cloudtrack.fluent.logging import set_tags as set_tags
    from cloudtrack.fluent.models import register_model as register_model
    from cloudtrack.fluent.models import search_model_versions as search_model_versions
    from cloudtrack.fluent.models import search_registered_models as search_registered_models
    from cloudtrack.fluent.models import set_model_version_tag as set_model_version_tag
    from cloudtrack.fluent.releases import load_release as load_release
    from cloudtrack.fluent.searching import delete_run as delete_run
    from cloudtrack.fluent.searching import get_parent_run as get_parent_run
    from cloudtrack.fluent.searching import get_run as get_run
    from cloudtrack.fluent.searching import restore_run as restore_run
    from cloudtrack.fluent.searching import search_runs as search_runs
    from cloudtrack.fluent.session import create_experiment as create_experiment
    from cloudtrack.fluent.session import delete_experiment as delete_experiment
    from cloudtrack.fluent.session import delete_experiment_tag as delete_experiment_tag
    from cloudtrack.fluent.session import get_experiment as get_experiment
    from cloudtrack.fluent.session import get_experiment_by_name as get_experiment_by_name
    from cloudtrack.fluent.session import get_registry_uri as get_registry_uri
    from cloudtrack.fluent.session import get_tracking_uri as get_tracking_uri
    from cloudtrack.fluent.session import is_tracking_uri_set as is_tracking_uri_set
    from cloudtrack.fluent.session import restore_experiment as restore_experiment
    from cloudtrack.fluent.session import search_experiments as search_experiments
    from cloudtrack.fluent.session import set_experiment as set_experiment
    from cloudtrack.fluent.session import set_experiment_tag as set_experiment_tag
    from cloudtrack.fluent.session import set_experiment_tags as set_experiment_tags
    from cloudtrack.fluent.session import set_registry_uri as set_registry_uri
    from cloudtrack.fluent.session import set_tracking_uri as set_tracking_uri
    from cloudtrack.fluent.system_metrics import disable_system_metrics_logging as disable_system_metrics_logging
    from cloudtrack.fluent.system_metrics import enable_system_metrics_logging as enable_system_metrics_logging
    from cloudtrack.fluent.system_metrics import set_system_metrics_node_id as set_system_metrics_node_id
    from cloudtrack.fluent.system_metrics import (
        set_system_metrics_samples_before_logging as set_system_metrics_samples_before_logging,
    )
    from cloudtrack.fluent.system_metrics import (
        set_system_metrics_sampling_interval as set_system_metrics_sampling_interval,
    )
    from cloudtrack.mlflow_client import MlflowClient as MlflowClient
    from cloudtrack.models import schema as types  # noqa: F401 - the name of MLflow's
    from cloudtrack.projects.running import run as run

_HOMES = {
    "cloudtrack.autologging.universal": ("autolog",),
    "cloudtrack.client": ("Client", "connect"),
    "cloudtrack.errors": ("CloudtrackError",),
    "cloudtrack.evaluation": ("evaluate", "validate_evaluation_results"),
    "cloudtrack.exceptions": ("MlflowException",),
    "cloudtrack.mlflow_client": ("MlflowClient",),
    "cloudtrack.fluent.active_models": (
        "ActiveModel",
        "clear_active_model",
        "get_active_model_id",
        "log_model_params",
        "set_active_model",
    ),
    "cloudtrack.fluent.active_runs": ("ActiveRun", "active_run", "end_run", "last_active_run", "start_run"),
    "cloudtrack.fluent.artifacts": (
        "get_artifact_uri",
        "load_table",
        "log_artifact",
        "log_artifacts",
        "log_dict",
        "log_figure",
        "log_image",
        "log_table",
        "log_text",
    ),
    "cloudtrack.fluent.doctor": ("doctor",),
    "cloudtrack.fluent.image": ("Image",),
    "cloudtrack.fluent.logged_models": (
        "create_external_model",
        "delete_logged_model_tag",
        "finalize_logged_model",
        "get_logged_model",
        "initialize_logged_model",
        "last_logged_model",
        "search_logged_models",
        "set_logged_model_tags",
    ),
    "cloudtrack.fluent.logging": (
        "delete_tag",
        "flush",
        "flush_async_logging",
        "log_input",
        "log_inputs",
        "log_metric",
        "log_metrics",
        "log_outputs",
        "log_param",
        "log_params",
        "set_tag",
        "set_tags",
    ),
    "cloudtrack.fluent.releases": ("load_release",),
    "cloudtrack.fluent.models": (
        "register_model",
        "search_model_versions",
        "search_registered_models",
        "set_model_version_tag",
    ),
    "cloudtrack.fluent.searching": ("delete_run", "get_parent_run", "get_run", "restore_run", "search_runs"),
    "cloudtrack.fluent.session": (
        "create_experiment",
        "delete_experiment",
        "delete_experiment_tag",
        "get_experiment",
        "get_experiment_by_name",
        "get_registry_uri",
        "get_tracking_uri",
        "is_tracking_uri_set",
        "restore_experiment",
        "search_experiments",
        "set_experiment",
        "set_experiment_tag",
        "set_experiment_tags",
        "set_registry_uri",
        "set_tracking_uri",
    ),
    "cloudtrack.fluent.system_metrics": (
        "disable_system_metrics_logging",
        "enable_system_metrics_logging",
        "set_system_metrics_node_id",
        "set_system_metrics_samples_before_logging",
        "set_system_metrics_sampling_interval",
    ),
    "cloudtrack.projects.running": ("run",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
_MODULES = {
    "artifacts",
    "catboost",
    "client",
    "config",
    "data",
    "entities",
    "exceptions",
    "keras",
    "lightgbm",
    "lightning",
    "metrics",
    "models",
    "onnx",
    "optuna",
    "projects",
    "prophet",
    "pyfunc",
    "pytorch",
    "ray",
    "sentence_transformers",
    "sklearn",
    "spacy",
    "spark",
    "statsmodels",
    "system_metrics",
    "tensorflow",
    "tracking",
    "transformers",
    "types",
    "version",
    "xgboost",
}
"""Modules by their names in MLflow; ``cloudtrack.mlflow_names`` says where those are that have another here."""

__all__ = sorted([*_HOME_OF, *_MODULES])  # noqa: PLE0605 - the names are listed once, above


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        found = getattr(importlib.import_module(_HOME_OF[name]), name)
    elif name in _MODULES:
        found = importlib.import_module(f"cloudtrack.{name}")
    elif name == "__version__":
        found = importlib.import_module("cloudtrack.version").VERSION
    else:
        raise AttributeError(f"module 'cloudtrack' has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


def load_ipython_extension(shell: Any) -> None:
    """What ``%load_ext cloudtrack`` calls."""
    importlib.import_module("cloudtrack.notebooks.magics").load(shell)


class _MlflowNames:
    """Finds ``cloudtrack.sklearn`` and others, which are elsewhere here; asked after all other finders."""

    @staticmethod
    def find_spec(name: str, *_: Any) -> Any:
        if not name.startswith("cloudtrack."):
            return None
        from cloudtrack.mlflow_names import find_spec

        return find_spec(name)


sys.meta_path.append(_MlflowNames)
