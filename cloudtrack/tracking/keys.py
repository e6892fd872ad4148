"""Where tracking keeps what, relative to the store."""

from __future__ import annotations

from collections.abc import Iterator

from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.storage.quoting import quote_name, quote_path

EXPERIMENTS = "experiments/"
RUNS = "runs/"
LOGGED_MODELS = "logged_models/"
GRANTS = "grants/"
SHARES = "shares/"
NAME_CLAIMS = "experiments/names/"
EXPERIMENT_INDEX = "index/experiments/"
"""Prefix of the index of the experiments."""


def ids_in(store: ObjectStore, prefix: str) -> Iterator[str]:
    """The names of the folders below a prefix: ids of documents that have one each."""
    return (folder[len(prefix) : -1] for folder in store.list_folder(prefix).folders if folder != NAME_CLAIMS)


def experiment(experiment_id: str) -> str:
    """The document of an experiment."""
    return f"{EXPERIMENTS}{experiment_id}/experiment.json"


def name_claim(name: str) -> str:
    """The claim that binds a name to an experiment's id."""
    return f"{NAME_CLAIMS}{quote_name(name)}"


def run_index(experiment_id: str) -> str:
    """Prefix of the index of an experiment's runs."""
    return f"{EXPERIMENTS}{experiment_id}/index/"


def run(run_id: str) -> str:
    """The document of a run."""
    return f"runs/{run_id}/run.json"


def segment(run_id: str, name: str) -> str:
    """An immutable file of metric points."""
    return f"runs/{run_id}/metrics/{name}.parquet"


def source_patch(run_id: str) -> str:
    """What the working tree had beyond its commit, as ``git apply`` takes it."""
    return f"runs/{run_id}/source/code.patch"


def packages(run_id: str) -> str:
    """The installed packages, one ``name==version`` a line."""
    return f"runs/{run_id}/source/packages.txt"


def console_logs(run_id: str) -> str:
    """Prefix of what the processes of a run printed, a folder for each of them."""
    return f"runs/{run_id}/logs/"


def console_segment(run_id: str, stream: str, offset: int) -> str:
    """An immutable piece of what a process printed, by the byte at which it begins."""
    return f"runs/{run_id}/logs/{stream}/{offset:012d}.log"


def artifacts(run_id: str, path: str = "") -> str:
    """A run's artifact folder (ending in a slash), or the key of one file in it."""
    root = f"runs/{run_id}/artifacts/"
    return root + quote_path(path) if path else root


def logged_model(model_id: str) -> str:
    """The document of a logged model."""
    return f"logged_models/{model_id}/model.json"


def logged_model_artifacts(model_id: str, path: str = "") -> str:
    """A logged model's artifact folder (ending in a slash), or the key of one file in it."""
    root = f"logged_models/{model_id}/artifacts/"
    return root + quote_path(path) if path else root


def logged_model_index(experiment_id: str) -> str:
    """Prefix of the index of an experiment's logged models."""
    return f"{EXPERIMENTS}{experiment_id}/logged_models/index/"


def grant(grant_id: str) -> str:
    """The document of a grant: who may send one run without a login, and until when."""
    return f"{GRANTS}{grant_id}/grant.json"


def grant_inbox(grant_id: str) -> str:
    """Prefix of what the holder of a grant sent."""
    return f"{GRANTS}{grant_id}/inbox/"


def grant_slot(grant_id: str, slot: int) -> str:
    """One of the places that a grant gives."""
    return f"{GRANTS}{grant_id}/inbox/{slot:04d}"


def share(expires_ms: int, share_id: str) -> str:
    """The page of a share, named by its end, so that it is known from the key."""
    return f"{SHARES}{expires_ms:013d}-{share_id}/index.html"
