"""An OpenID Connect issuer on this machine, which a test can let fail."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

AUDIENCE = "cloudtrack"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
STRANGERS_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Issuer(ThreadingHTTPServer):
    """Serves its configuration and its keys. ``answers`` overrides what a path gives: a status and a body."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.keys: list[dict[str, Any]] = [_jwk(RSA_KEY, "rsa"), _jwk(EC_KEY, "ec")]
        self.configuration: dict[str, Any] = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        self.answers: dict[str, tuple[int, bytes, dict[str, str]]] = {}
        self.requests: list[str] = []

    def answer(self, path: str) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers."""
        self.requests.append(path)
        found = {"/.well-known/openid-configuration": self.configuration, "/keys": {"keys": self.keys}}
        return self.answers.get(path) or (200, json.dumps(found[path]).encode(), {})

    def add_key(self, key: rsa.RSAPrivateKey, key_id: str) -> None:
        """Rotation: one more key."""
        self.keys.append(_jwk(key, key_id))

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Those of a good token; a claim that is changed to None is left out."""
        now = int(time.time())
        claims = {"iss": self.url, "aud": AUDIENCE, "sub": "id-1", "iat": now, "exp": now + 600, **changes}
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, key: Any = RSA_KEY, *, alg: str = "RS256", kid: str | None = "rsa", **changes: Any) -> str:
        """A signed JWT."""
        return jwt.encode(self.claims(**changes), key, algorithm=alg, headers={"kid": kid} if kid else None)


class _Handler(BaseHTTPRequestHandler):
    server: Issuer

    def do_GET(self) -> None:
        status, body, headers = self.server.answer(self.path)
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def _jwk(key: Any, key_id: str) -> dict[str, Any]:
    algorithm = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": key_id, "use": "sig"}


def assemble(header: dict[str, Any], claims: dict[str, Any], signature: bytes) -> str:
    """A JWT that no honest library would make."""
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


@contextmanager
def running_issuer() -> Iterator[Issuer]:
    """An issuer that answers."""
    server = Issuer()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
