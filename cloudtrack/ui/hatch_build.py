"""The build of the package builds the web page first, where that is not done yet.

``CLOUDTRACK_UI_BUILD`` is ``auto`` (what the sources' stamp asks for), ``skip`` or ``always``. An editable installation
goes on without the page; a wheel or an sdist without it must not come to be, unless it was asked for.
"""

from __future__ import annotations

import os
import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def _builder() -> SimpleNamespace:
    """What is in ``building.py`` beside this file; cloudtrack itself cannot be imported yet."""
    return SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("building.py"))))


class UiBuildHook(BuildHookInterface):  # type: ignore[misc]  # the build back end is no dependency of ours
    """Called by hatchling for each wheel, sdist and editable installation."""

    def dependencies(self) -> list[str]:
        """Node, where a build needs it and the system has none."""
        builder = _builder()
        return [builder.NODE_PACKAGE] if self._is_needed(builder) and builder.system_node() is None else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling gives both
        """Build. Raises BuildFailed, but for an editable installation."""
        builder = _builder()
        if not self._is_needed(builder):
            return
        try:
            builder.build()
        except builder.BuildFailed as error:
            if version != "editable":
                raise
            self.app.display_warning(f"the web page is not built: {error}")

    def _is_needed(self, builder: SimpleNamespace) -> bool:
        return bool(builder.is_needed(os.environ.get("CLOUDTRACK_UI_BUILD", "auto")))
