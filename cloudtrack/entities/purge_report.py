"""What a purge removed."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PurgeReport:
    """What was removed for ever. Done again, a purge counts what came since."""

    run_ids: list[str] = field(default_factory=list)
    model_ids: list[str] = field(default_factory=list)
    """Logged models."""
    objects: int = 0
    """Files and other objects; what is left of each run and logged model is not among them."""
    held_by: list[str] = field(default_factory=list)
    """Versions that came from them, and keep their files: ``churn/7``."""

    def plus(self, other: PurgeReport) -> PurgeReport:
        """Both."""
        return PurgeReport(
            [*self.run_ids, *other.run_ids],
            [*self.model_ids, *other.model_ids],
            self.objects + other.objects,
            sorted({*self.held_by, *other.held_by}),
        )
