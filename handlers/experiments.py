"""Experiments."""

from cloudtrack.api.endpoint import Domain
from handlers.function import Function

handler = Function(Domain.EXPERIMENTS)
