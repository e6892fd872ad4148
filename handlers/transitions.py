"""Writes to the registry; no other function may make them."""

from cloudtrack.api.endpoint import Domain
from handlers.announcement import Announcer
from handlers.function import Function

_announcer = Announcer()
handler = Function(Domain.TRANSITIONS, on_commit=_announcer.note, then=_announcer.announce)
