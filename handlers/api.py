"""The whole API in one function, for small teams: see infra/deploying.md."""

from cloudtrack.api.endpoint import Domain
from handlers.announcement import announce
from handlers.function import Function

handler = Function(*Domain, then=announce)
