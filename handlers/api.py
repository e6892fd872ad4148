"""The whole API in one function, for small teams: see infra/deploying.md."""

from cloudtrack.api.endpoint import Domain
from handlers.announcement import Announcer
from handlers.function import Function

_announcer = Announcer()
handler = Function(*Domain, on_commit=_announcer.note, then=_announcer.announce)
