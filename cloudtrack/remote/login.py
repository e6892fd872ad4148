"""The login at a server: the environment's, asked for each time. It may be renewed, and nothing here keeps it."""

from __future__ import annotations

import base64

from cloudtrack import config
from cloudtrack.errors import InvalidInput


def login_headers() -> dict[str, str]:
    """A token as bearer token, or user and password; nothing where there is neither. Raises InvalidInput."""
    token = config.tracking_token().strip()
    if token:
        if not (token.isascii() and token.isprintable()):
            raise InvalidInput("MLFLOW_TRACKING_TOKEN, or CLOUDTRACK_TOKEN, has a character that no token has")
        return {"authorization": f"Bearer {token}"}
    user, password = config.tracking_login()
    if not (user and password):
        return {}
    return {"authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}
