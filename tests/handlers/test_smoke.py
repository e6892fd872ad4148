"""infra/smoke.py against the template's routes, the handlers, and what their roles allow."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.handlers.local_gateway import LocalGateway
from tests.infra.stack import ROOT

_SMOKE = ROOT / "infra" / "smoke.py"


def smoke(url: str, token: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CLOUDTRACK_TOKEN": token}
    command = [sys.executable, "-S", str(_SMOKE), url]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_a_stack_passes_with_each_function_kept_to_its_role(gateway: LocalGateway, admin_token: str) -> None:
    with gateway.served() as url:
        done = smoke(url, admin_token)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("ok ") == 9
    assert {function for _, function in gateway.asked} == {
        "ArtifactsFunction",
        "ExperimentsFunction",
        "MetricsFunction",
        "RegistryFunction",
        "RunsFunction",
        "TransitionsFunction",
        "WebFunction",
    }


def test_a_stack_that_does_not_know_the_token_fails(gateway: LocalGateway) -> None:
    with gateway.served() as url:
        done = smoke(url, "ctk_of_somebody_else")
    assert done.returncode == 1
    assert "FAILED" in done.stdout
