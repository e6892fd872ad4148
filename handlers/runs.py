"""Runs and logged models: the whole training path."""

from cloudtrack.api.endpoint import Domain
from handlers.function import Function

handler = Function(Domain.RUNS)
