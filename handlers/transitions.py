"""Writes to the registry; no other function may make them."""

from cloudtrack.api.endpoint import Domain
from handlers.announcement import announce
from handlers.function import Function

handler = Function(Domain.TRANSITIONS, then=announce)
