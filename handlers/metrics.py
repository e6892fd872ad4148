"""Histories of metrics, and searches."""

from cloudtrack.api.endpoint import Domain
from handlers.function import Function

handler = Function(Domain.METRICS)
