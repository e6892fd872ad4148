"""Known weaknesses of what is installed: pip-audit and npm audit, told apart from a network that does not answer.

``python infra/audit.py FOLDER_OF_PACKAGES [FOLDER_WITH_PACKAGE_LOCK]`` ends with 1 where one has a known weakness,
and else with 0. What could not be looked up is said: then nothing is known of it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_TIMEOUT_S = 600


@dataclass
class Audit:
    """What one tool said."""

    tool: str
    looked_up: int = 0
    unknown: int = 0
    """Packages of which nothing was said."""
    findings: list[str] = field(default_factory=list)
    reason: str = ""
    """Why nothing at all was said."""

    def lines(self) -> list[str]:
        """For people."""
        if self.reason:
            return [f"{self.tool}: NOT AUDITED, {self.reason}"]
        told = f"{self.tool}: {self.looked_up} packages looked up, {len(self.findings)} findings"
        return [told + (f"; NOT AUDITED: {self.unknown} packages" if self.unknown else ""), *self.findings]


def audit_python(packages: Path) -> Audit:
    """The packages in a folder, ``site-packages`` of an environment."""
    found = Audit("pip-audit")
    tool = shutil.which("pip-audit") or shutil.which("pip-audit", path=str(Path(sys.executable).parent))
    if tool is None:
        found.reason = "pip-audit is not installed"
        return found
    told = _asked([tool, "--path", str(packages), "--format", "json", "--progress-spinner", "off"], Path.cwd())
    if not isinstance(told, dict) or "dependencies" not in told:
        found.reason = "the advisories could not be reached"
        return found
    for package in told["dependencies"]:
        if "skip_reason" in package:
            found.unknown += 1
            continue
        found.looked_up += 1
        for each in package["vulns"]:
            fixed = ", ".join(each.get("fix_versions", [])) or "no version"
            found.findings.append(f"  {package['name']} {package['version']}: {each['id']}, fixed in {fixed}")
    return found


def audit_page(folder: Path) -> Audit:
    """The packages that the web page is built of, by their lock file."""
    found = Audit("npm audit")
    npm = shutil.which("npm")
    if npm is None:
        found.reason = "npm is not installed"
        return found
    told = _asked([npm, "audit", "--json"], folder)
    if not isinstance(told, dict) or "vulnerabilities" not in told:
        found.reason = "the advisories could not be reached"
        return found
    found.looked_up = int(told.get("metadata", {}).get("dependencies", {}).get("total", 0))
    for name, each in told["vulnerabilities"].items():
        found.findings.append(f"  {name} {each.get('range', '')}: {each.get('severity', '')}")
    return found


def _asked(command: list[str], folder: Path) -> Any:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)  # noqa: S603
        return json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return None


def main(arguments: list[str]) -> int:
    """The exit code."""
    audits = [audit_python(Path(arguments[0])), *(audit_page(Path(folder)) for folder in arguments[1:])]
    for audit in audits:
        print("\n".join(audit.lines()))
    return 1 if any(audit.findings for audit in audits) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
