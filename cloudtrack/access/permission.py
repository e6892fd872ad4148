"""Permissions in MLflow's words, each including those before it.

Source: https://mlflow.org/docs/latest/self-hosting/security/basic-http-auth.html
"""

from __future__ import annotations

from enum import IntEnum, StrEnum

from cloudtrack.errors import InvalidInput


class Permission(IntEnum):
    """What a principal may do with an experiment or a registered model."""

    NO_PERMISSIONS = 0
    READ = 1
    USE = 2
    """Read, and build on it: start from its models, download its artifacts."""
    EDIT = 3
    """Change and add: runs, params, metrics, tags, versions, aliases."""
    MANAGE = 4
    """Delete and restore, and grant permissions."""

    @classmethod
    def parse(cls, name: str) -> Permission:
        """A permission by its name, in any case. Raises InvalidInput."""
        try:
            return cls[name.upper()]
        except KeyError as error:
            raise InvalidInput(
                f"{name[:40]!r} is not a permission; permissions are {', '.join(cls.__members__)}"
            ) from error


class Resource(StrEnum):
    """What permissions are given on."""

    EXPERIMENT = "experiment"
    REGISTERED_MODEL = "registered_model"
