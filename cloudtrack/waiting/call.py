"""One call that waits: to a service of a client, by name, with arguments that JSON can say."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from cloudtrack.entities.pending_version import PendingVersion, pending_in
from cloudtrack.tracking.model_points import ModelPoint
from cloudtrack.tracking.waiting_files import WaitingFile

UPLOAD = "logged_model_artifacts.upload"
LOG_METRICS = "logged_models.log_metrics"
CREATE_MODEL = "logged_models.create"
REGISTER = ("client.register_model", "client.create_version")
"""Calls that make a version."""
_OF_LOGGED_MODELS = ("logged_models.", "logged_model_artifacts.")
_REFERENCES = ("version", "model_uri", "source")
"""Arguments that may name a pending version."""
_MODEL_ID = re.compile(r"(?<![\w-])m-[0-9a-f]{32}(?![\w-])")
_MOST_SHOWN = 60


class Call(BaseModel):
    """A call in a journal."""

    model_config = ConfigDict(ser_json_inf_nan="strings")

    number: int = 0
    """In its journal: 1, 2, 3 ... in the order of the calls."""
    operation: str
    """Its name for the registry, unique for ever: it is not done twice under it."""
    time_ms: int
    """When it was made."""
    call: str
    """Service and method, such as ``aliases.set``."""
    arguments: dict[str, Any] = {}
    file: WaitingFile | None = None
    """Of an upload: where it waits."""
    points: list[ModelPoint] = []
    """Of ``logged_models.log_metrics``."""
    also: list[int] = Field(default=[], exclude=True)
    """Numbers of calls that are done with this one."""

    @property
    def numbers(self) -> list[int]:
        """Of all calls that this one stands for."""
        return [self.number, *self.also]

    @property
    def is_of_registry(self) -> bool:
        """Whether it changes the registry; all others come to the same when they are done again."""
        return not self.call.startswith(_OF_LOGGED_MODELS)

    @property
    def name(self) -> str | None:
        """The registered model that it changes."""
        return self.arguments["name"] if self.is_of_registry else None

    def references(self) -> list[tuple[PendingVersion, str, int]]:
        """The pending versions that it names, with journal and call."""
        texts = [str(self.arguments.get(name, "")) for name in _REFERENCES]
        return [found for text in texts for found in pending_in(text)]

    def needs(self) -> set[str]:
        """The logged models, by id, and pending versions that it is about."""
        texts = [str(self.arguments.get(name, "")) for name in ("model_id", "owner_id", *_REFERENCES)]
        ids = {found for text in texts for found in _MODEL_ID.findall(text)}
        return ids | {point.model_id for point in self.points} | {str(found[0]) for found in self.references()}

    def makes(self, writer: str) -> set[str]:
        """What calls after it lack, where it was not done."""
        if self.call in REGISTER:
            return {str(PendingVersion.of(writer, self.number))}
        return set() if self.is_of_registry else self.needs()

    def with_versions(self, numbers: dict[PendingVersion, int]) -> dict[str, Any]:
        """The arguments, with numbers in the place of pending versions."""
        said = dict(self.arguments)
        for name in _REFERENCES:
            for pending, _, _ in pending_in(str(said.get(name, ""))):
                said[name] = str(said[name]).replace(pending, str(numbers[pending]))
        return said

    def summary(self) -> str:
        """In one line, for people."""
        said = {key: value for key, value in self.arguments.items() if value not in (None, "", {}, False)}
        shown = [
            f"{key}={text if len(text := repr(value)) <= _MOST_SHOWN else text[:_MOST_SHOWN] + '...'}"
            for key, value in said.items()
        ]
        shown += [f"{len(self.points)} points"] if self.points else []
        return f"{self.call}({', '.join(shown)})"
