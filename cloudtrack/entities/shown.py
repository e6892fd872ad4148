"""What entities have in common: they give their fields in pairs, and show themselves in notebooks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any


class Shown:
    """A dataclass that ``dict(entity)`` makes a dictionary of, as of MLflow's, and that notebooks show as a table."""

    __slots__ = ()

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        for each in fields(self):  # type: ignore[arg-type]  # every entity is a dataclass
            yield each.name, getattr(self, each.name)

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]  # an entity has slots, and no dictionary of its own
        """For ``vars(entity)``, which scripts of MLflow's show."""
        return dict(self)

    def _repr_html_(self) -> str:
        from cloudtrack.entities.html import html_of  # where nobody looks, it is not loaded

        return html_of(self)
