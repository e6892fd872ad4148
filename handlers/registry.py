"""Reads of the registry."""

from cloudtrack.api.endpoint import Domain
from handlers.function import Function

handler = Function(Domain.REGISTRY)
