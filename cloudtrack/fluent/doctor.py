"""What a report of a problem needs to say of this machine."""

from __future__ import annotations

import platform
from importlib import metadata
from pathlib import Path

from cloudtrack import config
from cloudtrack.fluent import session
from cloudtrack.storage.public_url import strip_credentials
from cloudtrack.version import VERSION

_LIBRARIES = ("fsspec", "mlflow", "numpy", "obstore", "pandas", "pyarrow", "pydantic", "s3fs", "scikit-learn")


def doctor(mask_envs: bool = False) -> None:  # noqa: ARG001 - MLflow's argument; values are never shown
    """Print versions, the store in force, and the names of the variables of cloudtrack and MLflow that are set.

    Nothing is asked of the store; the command ``cloudtrack doctor`` does that.
    """
    names = sorted(name for name in config.environment() if name.startswith(("CLOUDTRACK_", "MLFLOW_")))
    installed = {name: found for name in _LIBRARIES if (found := _version(name))}
    facts = {
        "System": platform.platform(),
        "Python": platform.python_version(),
        "cloudtrack": f"{VERSION} in {Path(__file__).parents[1]}",
        "Store": strip_credentials(session.get_tracking_uri()),
        "Variables": ", ".join(names) or "none",
        "Libraries": ", ".join(f"{name} {found}" for name, found in installed.items()),
    }
    print("\n".join(f"{name}: {said}" for name, said in facts.items()))


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
