"""What is in the trash, removed for ever."""

from cloudtrack.api.endpoint import Domain
from handlers.function import Function

handler = Function(Domain.PURGES)
