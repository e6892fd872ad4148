"""Loading all models of a release."""

from __future__ import annotations

from dataclasses import dataclass

from cloudtrack.entities.release import Release
from cloudtrack.fluent import session
from cloudtrack.models.finding import load_from
from cloudtrack.models.pyfunc import PyFuncModel, load_local
from cloudtrack.models.trust import trusting


@dataclass(frozen=True)
class LoadedRelease:
    """The models of one number of a release, by member."""

    release: Release
    models: dict[str, PyFuncModel]

    def __getitem__(self, member: str) -> PyFuncModel:
        return self.models[member]


def load_release(name: str, number: int | None = None, *, trust: bool | None = None) -> LoadedRelease:
    """All models of a release for prediction, of one number: the one that is out now, or the one given.

    The release is read once, so that a switch meanwhile gives no mix. ``trust`` says that models may run code that
    they bring. Raises NotFound, CorruptData.
    """
    release = session.client().releases.get(name, number)
    with trusting(trust):
        models = {
            member: load_from(version.uri, session.client, None, load_local, reader=PyFuncModel.unwrap_python_model)
            for member, version in release.members.items()
        }
    return LoadedRelease(release, models)
