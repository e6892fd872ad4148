"""What a backend is told beside the job: its configuration, checked field by field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from cloudtrack import config as settings
from cloudtrack.errors import InvalidInput
from cloudtrack.projects.logins import is_secret


class Configuration(BaseModel):
    """The configuration of one backend. What a field says of itself is what its errors say to do."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, coerce_numbers_to_str=True)
    secrets_go: ClassVar[str]
    """Where secrets go in this configuration."""

    environment: dict[str, str] = Field(default={}, description="variables of the worker, a mapping of texts")

    @field_validator("environment")
    @classmethod
    def _has_no_secret(cls, value: dict[str, str]) -> dict[str, str]:
        for name in value:
            if is_secret(name):
                raise ValueError(f"{name} is a secret, and the configuration is kept with the run: {cls.secrets_go}")
        return value


AnyConfiguration = TypeVar("AnyConfiguration", bound=Configuration)


def read_configuration(kind: type[AnyConfiguration], backend: str, content: Mapping[str, Any]) -> AnyConfiguration:
    """The configuration in a mapping. Raises InvalidInput naming all fields that are wrong, and what they are."""
    try:
        return kind.model_validate(dict(content))
    except ValidationError as error:
        unknown = [str(item["loc"][0]) for item in error.errors() if item["type"] == "extra_forbidden"]
        said = "; ".join(_said(kind, item) for item in error.errors() if item["type"] != "extra_forbidden")
        if unknown:
            there = f"there is no {' or '.join(unknown)}; there are {', '.join(kind.model_fields)}"
            said = f"{said}; {there}" if said else there
        raise InvalidInput(f"the configuration of the backend {backend} is not right: {said}") from None


def check_set(names: Iterable[str], backend: str) -> None:
    """Raise InvalidInput for a secret that is to be copied from here, and that is not here."""
    if missing := [name for name in names if not settings.environment().get(name)]:
        raise InvalidInput(f"{missing[0]} is among the secrets of the backend {backend}, and is not set here")


def _said(kind: type[Configuration], item: Any) -> str:
    where = ".".join(map(str, item["loc"]))
    names = (item["loc"][0],) if item["loc"] else ()
    what = next((field.description for name, field in kind.model_fields.items() if {name, field.alias} & {*names}), "")
    match item["type"]:
        case "missing":
            return f"{where} is missing: {what}"
        case "value_error":
            return f"{where}: {item['ctx']['error']}" if where else str(item["ctx"]["error"])
        case _:
            return f"{where} ({what}): {item['msg']}"
