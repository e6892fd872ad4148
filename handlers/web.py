"""Health, version, what the server can do; and every path that is nobody else's."""

from cloudtrack.api.endpoint import Domain
from handlers.function import Function

handler = Function(Domain.WEB)
