"""What is kept about an API token: all but the token itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from cloudtrack.access.principal import Principal
from cloudtrack.storage.document import Document


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """An API token as its owner sees it. Times are in ms; ``expires`` and ``revoked`` may be None."""

    token_id: str
    principal: str
    admin: bool
    groups: tuple[str, ...]
    created: int
    expires: int | None
    revoked: int | None
    description: str
    created_by: str

    def state(self, now_ms: int) -> Literal["active", "expired", "revoked"]:
        """Only an active token is a login."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires is not None and now_ms >= self.expires else "active"


class ApiToken(Document):
    """The truth about a token. It is never deleted, so that what it did stays explained."""

    format_name: ClassVar[str] = "cloudtrack.api-token/1"

    token_id: str
    principal: str
    admin: bool = False
    groups: list[str] = []
    created: int
    expires: int | None = None
    revoked: int | None = None
    description: str = ""
    created_by: str = ""

    def to_info(self) -> TokenInfo:
        """The token as callers see it."""
        return TokenInfo(
            token_id=self.token_id,
            principal=self.principal,
            admin=self.admin,
            groups=tuple(self.groups),
            created=self.created,
            expires=self.expires,
            revoked=self.revoked,
            description=self.description,
            created_by=self.created_by,
        )

    def to_principal(self) -> Principal:
        """Whom the token proves."""
        return Principal(self.principal, self.admin, tuple(self.groups))
