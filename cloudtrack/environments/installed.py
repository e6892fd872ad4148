"""What an interpreter has installed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cloudtrack.environments.manager import run_tool

PROGRAM = """
import platform
from importlib.metadata import distributions
print(platform.python_version())
found = {f"{each.metadata['Name']}=={each.version}" for each in distributions() if each.metadata["Name"]}
print("\\n".join(sorted(found, key=str.lower)))
"""
"""For any Python: prints what ``Installed.parse`` takes."""


@dataclass(frozen=True)
class Installed:
    """A Python and its packages."""

    python: str = ""
    """Its version; empty where there is no Python."""
    packages: str = ""
    """``name==version`` a line, by name."""

    @classmethod
    def parse(cls, text: str) -> Installed:
        """What ``PROGRAM`` printed."""
        python, _, packages = text.partition("\n")
        return cls(python, packages)


def installed_in(python: Path) -> Installed:
    """What an interpreter has. Raises Unavailable where it does not run."""
    return Installed.parse(run_tool([str(python), "-c", PROGRAM]))
