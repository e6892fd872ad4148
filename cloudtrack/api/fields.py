"""The types of request fields, read as leniently as MLflow's server reads them, and no more.

Text is text; an int64 is a number, or a number as text; a double may be "NaN" or "Infinity". Names are
taken in snake_case and in camelCase. null counts as absent, unknown fields are ignored.
"""

from __future__ import annotations

from functools import cache, partial
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from cloudtrack.entities.experiment import ViewType
from cloudtrack.entities.logged_model import LoggedModelStatus
from cloudtrack.entities.run import RunStatus
from cloudtrack.registry.webhooks import WebhookStatus

_LOGGED_MODEL_STATUSES = ("LOGGED_MODEL_PENDING", "LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED")
_WEBHOOK_ENTITIES = (
    "REGISTERED_MODEL",
    "MODEL_VERSION",
    "MODEL_VERSION_TAG",
    "MODEL_VERSION_ALIAS",
    "PROMPT",
    "PROMPT_VERSION",
    "PROMPT_TAG",
    "PROMPT_VERSION_TAG",
    "PROMPT_ALIAS",
    "BUDGET_POLICY",
    "MODEL_VERSION_STAGE",
    "RELEASE",
)
_WEBHOOK_ACTIONS = ("CREATED", "UPDATED", "DELETED", "SET", "EXCEEDED", "TRANSITIONED", "SWITCHED", "ROLLED_BACK")
"""Both in the order of their numbers on the wire; cloudtrack's own are the last."""
MAX_LIST = 10_000
"""The longest list in a request; no endpoint takes so many of anything."""


class Message(BaseModel):
    """A part of a request."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _respelled(cls, fields: Any) -> Any:
        if not isinstance(fields, dict):
            return fields
        names = spellings(cls)
        return {names.get(name, name): value for name, value in fields.items() if value is not None}


@cache
def spellings(model: type[BaseModel]) -> dict[str, str]:
    """The names of a model's fields on the wire, by their spelling in camelCase."""
    names = [field.alias or name for name, field in model.model_fields.items()]
    return {camel: name for name in names if (camel := to_camel(name)) != name}


class RequestModel(Message):
    """The parameters of an endpoint."""


def _not_empty(text: str) -> str:
    if not text:
        raise PydanticCustomError("missing", "Field required")
    return text


def _number(value: Any) -> Any:
    """bool counts as a number for protobuf's parser; words other than NaN and Infinity do not."""
    if isinstance(value, str) and value.strip().lower() in ("inf", "-inf", "+inf", "nan", "infinity", "-infinity"):
        return float(value)
    return value


def _truth(value: Any) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if isinstance(value, bool):
        return value
    raise PydanticCustomError("bool_parsing", "must be true or false")


def _whole(value: Any) -> Any:
    if isinstance(value, str) and not value.strip().lstrip("+-").isdecimal():
        raise PydanticCustomError("int_parsing", "must be a whole number")
    return value


Required = Annotated[str, AfterValidator(_not_empty)]
"""Text that must not be empty: empty counts as missing."""

Int64 = Annotated[int, BeforeValidator(_whole), Field(ge=-(2**63), le=2**63 - 1)]
"""A whole number, also as text."""

Bool = Annotated[bool, BeforeValidator(_truth)]
"""true or false, also as text."""

Double = Annotated[float, BeforeValidator(_number)]
"""A number, also as text; NaN and infinities as text."""


def _number_of(names: tuple[str, ...], value: Any) -> int:
    """An enum's number on the wire, from 1, where ``value`` is its name or the number itself."""
    text = str(value)
    if text in names:
        return names.index(text) + 1
    if text.isdecimal() and 1 <= int(text) <= len(names):
        return int(text)
    raise PydanticCustomError("enum", "must be one of {names}", {"names": ", ".join(names)})


def _name_of(names: tuple[str, ...], value: Any) -> str:
    return names[_number_of(names, value) - 1]


ViewTypes = Annotated[int, BeforeValidator(partial(_number_of, ("ACTIVE_ONLY", "DELETED_ONLY", "ALL")))]
"""ACTIVE_ONLY, DELETED_ONLY or ALL, by name or number."""

_STATES = {"active": ViewType.ACTIVE_ONLY, "deleted": ViewType.DELETED_ONLY, "all": ViewType.ALL}


def _view_type(state: Any) -> int:
    if not isinstance(state, str) or state not in _STATES:
        raise PydanticCustomError("enum", "must be one of {names}", {"names": ", ".join(_STATES)})
    return _STATES[state]


States = Annotated[int, BeforeValidator(_view_type)]
"""active, deleted or all: what a page of ours shows, as a ViewType."""

RunStatuses = Annotated[str, BeforeValidator(partial(_name_of, RunStatus.NAMES))]
"""A run's status, by name or number."""

LoggedModelStatuses = Annotated[
    str, BeforeValidator(lambda value: LoggedModelStatus.NAMES[_number_of(_LOGGED_MODEL_STATUSES, value) - 1])
]
"""A logged model's status, by name or number."""

WebhookStatuses = Annotated[str, BeforeValidator(partial(_name_of, WebhookStatus.NAMES))]
"""A webhook's status, by name or number."""

WebhookEntities = Annotated[str, BeforeValidator(partial(_name_of, _WEBHOOK_ENTITIES))]
"""What an event is about, by name or number."""

WebhookActions = Annotated[str, BeforeValidator(partial(_name_of, _WEBHOOK_ACTIONS))]
"""What an event did, by name or number."""


class KeyValue(Message):
    """A tag or a param: the key is required, the value may be left out."""

    key: Required
    value: str = ""


def as_dict(pairs: list[KeyValue]) -> dict[str, str]:
    """Pairs as a dictionary; of equal keys the last wins."""
    return {pair.key: pair.value for pair in pairs}
