"""The only source of new identifiers and of randomness."""

from __future__ import annotations

import random
import secrets
import uuid
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")

_random = random.SystemRandom()

_ADJECTIVES = (
    "amber bold brave bright calm clever crisp curious daring eager fair fancy fleet gentle glad golden grand happy "
    "honest humble jolly keen kind light lively lucky mellow mighty neat noble polite proud quick quiet rare sharp "
    "shiny silent sleek smart sunny swift tidy useful valiant vivid warm wise witty zesty"
).split()
_NOUNS = (
    "anchor arrow badger beacon birch bison breeze canyon cedar comet condor coral crane delta dolphin ember falcon "
    "fern finch fjord fox gale glacier harbor hawk heron iris island jaguar kestrel lark lotus lynx maple meadow moose "
    "otter owl panda pebble pine puffin raven reef river robin sparrow spruce stork summit tiger trout walrus willow"
).split()


def new_run_id() -> str:
    """A run id: 32 lower-case hexadecimal digits."""
    return uuid.uuid4().hex


def new_logged_model_id() -> str:
    """A logged model's id: ``m-`` and 32 hexadecimal digits."""
    return f"m-{uuid.uuid4().hex}"


def new_experiment_id() -> str:
    """An experiment id: 18 decimal digits, because MLflow's clients expect a number."""
    return str(_random.randrange(10**17, 10**18))


def new_commit_id() -> str:
    """A name for one write, unique for ever: 16 hexadecimal digits."""
    return secrets.token_hex(8)


def new_stream_id() -> str:
    """A name for what one process prints: 12 hexadecimal digits."""
    return secrets.token_hex(6)


def new_webhook_id() -> str:
    """A webhook's id: 32 lower-case hexadecimal digits."""
    return uuid.uuid4().hex


def new_delivery_id() -> str:
    """A name for one message to a webhook: a UUID."""
    return str(uuid.uuid4())


def delivery_id(webhook_id: str, name: str, event: int, message: int) -> str:
    """The name of a message about an event of a model, the same whenever it is sent: a UUID."""
    return str(uuid.uuid5(uuid.UUID(webhook_id), f"{name}/{event}/{message}"))


def new_api_token() -> str:
    """A secret of 256 bits: ``ctk_`` and 43 characters that are safe in URLs."""
    return f"ctk_{secrets.token_urlsafe(32)}"


def new_ticket_key() -> str:
    """A secret of 256 bits: 64 hexadecimal digits."""
    return secrets.token_hex(32)


def new_run_name() -> str:
    """A readable default name, such as ``calm-otter-417``."""
    return f"{_random.choice(_ADJECTIVES)}-{_random.choice(_NOUNS)}-{_random.randrange(1000)}"


def shuffled(items: Iterable[T]) -> list[T]:
    """The items in a random order."""
    listed = list(items)
    _random.shuffle(listed)
    return listed


def jitter(limit: float) -> float:
    """A uniform random number from 0 up to ``limit`` ("full jitter")."""
    return _random.uniform(0.0, limit)
