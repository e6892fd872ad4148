"""Where the files of a run are, for scripts that ask MLflow's class for it."""

from __future__ import annotations

from cloudtrack.errors import InvalidInput
from cloudtrack.fluent import session


class RunsArtifactRepository:
    """The files behind a URI ``runs:/<run id>/<path>``."""

    @staticmethod
    def get_underlying_uri(runs_uri: str, tracking_uri: str | None = None) -> str:
        """Where a model of a run is, as the ``source`` of a version: ``models:/<model id>``, or what came.

        Raises InvalidInput, NotFound.
        """
        if not runs_uri.startswith("runs:/"):
            raise InvalidInput(f"{runs_uri!r} is no URI of a run, such as runs:/<run id>/model")
        return session.client(tracking_uri).locate_model(runs_uri).uri
