"""Settings, from arguments and the environment: the only reader of ``os.environ``.

cloudtrack's own variable wins over MLflow's of the same meaning:

    CLOUDTRACK_URI          MLFLOW_TRACKING_URI         where the store is; default ./cloudtrack-data
                                                        (http:// and https:// are servers, grant: is a grant)
    CLOUDTRACK_EXPERIMENT   MLFLOW_EXPERIMENT_NAME      the experiment of new runs
                            MLFLOW_EXPERIMENT_ID
    CLOUDTRACK_RUN_ID       MLFLOW_RUN_ID               the run that start_run() resumes
                            MLFLOW_ACTIVE_MODEL_ID      the logged model that metrics go to
    CLOUDTRACK_USER         MLFLOW_TRACKING_USERNAME    who is recorded; default the login name
    CLOUDTRACK_OFFLINE                                  1: nothing is asked of the store, all waits in the spool
    CLOUDTRACK_SPOOL_DIR                                where unsent data waits; default ~/.cloudtrack/spool
    CLOUDTRACK_CACHE_DIR                                copies of index files; default ~/.cache/cloudtrack
    CLOUDTRACK_TRUST_MODELS MLFLOW_ALLOW_PICKLE_DESERIALIZATION    1: models may run code that they bring
    CLOUDTRACK_CONSOLE                                  1: runs keep what their process prints
    CLOUDTRACK_SYSTEM_METRICS    MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING            1: runs have system metrics
    CLOUDTRACK_SYSTEM_METRICS_INTERVAL   MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL     seconds between two looks; 10
    CLOUDTRACK_SYSTEM_METRICS_SAMPLES    MLFLOW_SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING    looks that make a point; 1
    CLOUDTRACK_NODE_ID      MLFLOW_SYSTEM_METRICS_NODE_ID    this machine or rank in the names of system metrics;
                                                        default rank_<n> where the job has several ranks
                            MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT    1: runs at a server do not say where to look
    CLOUDTRACK_PROGRESS     MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR    0: transfers do not say how far they are
    CLOUDTRACK_NOTEBOOK                                 1: runs of a notebook keep the cells that ran
                            JPY_SESSION_NAME            Jupyter's: the notebook that this process is of
    CLOUDTRACK_TOKEN        MLFLOW_TRACKING_TOKEN       the login at a server: a token, or
                            MLFLOW_TRACKING_USERNAME    a user
                            MLFLOW_TRACKING_PASSWORD    and a password

Of a server that takes logins from an OpenID Connect issuer:

    CLOUDTRACK_OIDC_ISSUER          its URL, exactly as its tokens say in "iss"
    CLOUDTRACK_OIDC_AUDIENCE        the "aud" that a token must have
    CLOUDTRACK_OIDC_ADMIN_GROUPS    groups whose members are admins, separated by commas
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloudtrack.errors import InvalidInput
from cloudtrack.mlflow_names import find_name

DEFAULT_URI = "./cloudtrack-data"
GRANT_SCHEME = "grant:"
"""Of a tracking URI that is a grant's file: ``grant:/path/run.grant``."""
TRUST_MODELS = "CLOUDTRACK_TRUST_MODELS"


def environment() -> Mapping[str, str]:
    """The process's environment."""
    return os.environ


def store_uri() -> str:
    """Where the store is, when no argument says so."""
    return _first("CLOUDTRACK_URI", "MLFLOW_TRACKING_URI") or DEFAULT_URI


def is_store_uri_set() -> bool:
    """Whether the environment names a store."""
    return bool(_first("CLOUDTRACK_URI", "MLFLOW_TRACKING_URI"))


def experiment_name() -> str:
    """The experiment of new runs; empty where none is set."""
    return _first("CLOUDTRACK_EXPERIMENT", "MLFLOW_EXPERIMENT_NAME")


def experiment_id() -> str:
    """The experiment of new runs by id; empty where none is set, or where a name of our own is."""
    return "" if _first("CLOUDTRACK_EXPERIMENT") else _first("MLFLOW_EXPERIMENT_ID")


def run_id() -> str:
    """The run to resume; empty where none is set."""
    return _first("CLOUDTRACK_RUN_ID", "MLFLOW_RUN_ID")


def active_model_id() -> str:
    """The logged model that metrics go to; empty where none is set."""
    return _first("MLFLOW_ACTIVE_MODEL_ID")


def user() -> str:
    """Who is recorded as the author of runs and registry events."""
    return _first("CLOUDTRACK_USER", "MLFLOW_TRACKING_USERNAME") or _login_name()


SERVER_OPTIONS = "CLOUDTRACK_SERVER_OPTIONS"
"""How ``cloudtrack server`` tells its worker processes what it was told; not for people."""

BRIDGE_TOKEN = "CLOUDTRACK_BRIDGE_TOKEN"  # noqa: S105 - the name of a variable
"""How a project's worker tells the server beside it the token; not for people."""


def set_variables(values: Mapping[str, str]) -> None:
    """Add to the process's environment, for itself and for the processes that it starts."""
    os.environ.update(values)


def server_options() -> str:
    """The options of the server that this worker process belongs to, as JSON."""
    return os.environ[SERVER_OPTIONS]


def tracking_token() -> str:
    """The token to log in with at a server; empty where there is none."""
    return _first("CLOUDTRACK_TOKEN", "MLFLOW_TRACKING_TOKEN")


def tracking_login() -> tuple[str, str]:
    """User and password to log in with at a server; empty where there are none."""
    return _first("MLFLOW_TRACKING_USERNAME"), _first("MLFLOW_TRACKING_PASSWORD")


def mlflow_artifacts_destination() -> str:
    """Where the ``mlflow server`` that this process belongs to keeps files; empty where it keeps none."""
    return _first("_MLFLOW_SERVER_ARTIFACT_DESTINATION")


def spool_dir() -> Path:
    """The folder where data waits until the store has it."""
    configured = _first("CLOUDTRACK_SPOOL_DIR")
    return Path(configured).expanduser() if configured else Path.home() / ".cloudtrack" / "spool"


def is_offline() -> bool:
    """Whether nothing is asked of stores and servers."""
    return _is_true("CLOUDTRACK_OFFLINE")


def oidc_issuer() -> str:
    """The OpenID Connect issuer whose tokens are logins; empty where there is none."""
    return _first("CLOUDTRACK_OIDC_ISSUER")


def oidc_audience() -> str:
    """The audience that a token of the issuer must be for; empty where none is set."""
    return _first("CLOUDTRACK_OIDC_AUDIENCE")


def oidc_admin_groups() -> tuple[str, ...]:
    """Groups of the issuer whose members are admins."""
    groups = _first("CLOUDTRACK_OIDC_ADMIN_GROUPS").split(",")
    return tuple(group.strip() for group in groups if group.strip())


def cache_dir() -> Path:
    """The folder for copies of what never changes."""
    configured = _first("CLOUDTRACK_CACHE_DIR")
    return Path(configured).expanduser() if configured else Path.home() / ".cache" / "cloudtrack"


def trusts_models() -> bool:
    """Whether every model may run the code that it brings."""
    return _is_true(TRUST_MODELS, "MLFLOW_ALLOW_PICKLE_DESERIALIZATION")


def logs_console() -> bool:
    """Whether runs keep what their process prints, where ``start_run`` does not say."""
    return _is_true("CLOUDTRACK_CONSOLE")


def logs_system_metrics() -> bool:
    """Whether runs have system metrics, where the program does not say."""
    return _is_true("CLOUDTRACK_SYSTEM_METRICS", "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING")


def system_metrics_sampling() -> tuple[float, int]:
    """Seconds between two looks at the machine, and how many looks make a point. Raises InvalidInput."""
    interval = _first("CLOUDTRACK_SYSTEM_METRICS_INTERVAL", "MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL") or "10"
    samples = _first("CLOUDTRACK_SYSTEM_METRICS_SAMPLES", "MLFLOW_SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING") or "1"
    try:
        found = float(interval), int(samples)
    except ValueError as error:
        raise InvalidInput(f"system metrics every {interval!r} seconds, {samples!r} looks a point: {error}") from error
    if not 0 < found[0] < float("inf") or found[1] < 1:
        raise InvalidInput(f"system metrics every {interval} seconds, {samples} looks a point: both are above 0")
    return found


_RANKS = (("RANK", "WORLD_SIZE"), ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"), ("SLURM_PROCID", "SLURM_NTASKS"))
"""How torch, Open MPI and Slurm tell a process which of how many it is."""


def node_id() -> str:
    """The name of this machine or rank in the names of system metrics; empty where the job is one process."""
    if named := _first("CLOUDTRACK_NODE_ID", "MLFLOW_SYSTEM_METRICS_NODE_ID"):
        return named
    for rank, size in _RANKS:
        if _first(rank) and _first(size) != "1":
            return f"rank_{_first(rank)}"
    return ""


def shows_progress() -> bool:
    """Whether long transfers may say how far they are."""
    said = _first("CLOUDTRACK_PROGRESS", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR")
    return said.lower() not in ("0", "false", "no")


def keeps_notebook() -> bool:
    """Whether runs of a notebook keep the cells that ran."""
    return _is_true("CLOUDTRACK_NOTEBOOK")


def is_notebook() -> bool:
    """Whether this process is a notebook's kernel."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


def notebook_session() -> str:
    """The notebook that Jupyter started this process for; empty where it did not."""
    return _first("JPY_SESSION_NAME")


def keeps_links_to_itself() -> bool:
    """Whether a run that ends does not say where it can be looked at."""
    return _is_true("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT")


def _is_true(*names: str) -> bool:
    return _first(*names).lower() in ("1", "true", "yes")


def _first(*names: str) -> str:
    return next((value for name in names if (value := os.environ.get(name, ""))), "")


def _login_name() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no entry for this user id, as in many containers
        return "unknown"


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """What MLflow's module has beside this."""
        return find_name(__name__, name)
