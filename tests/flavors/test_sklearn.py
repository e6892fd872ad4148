"""scikit-learn models that MLflow 2 wrote. What goes to and from the current MLflow is in ``tests/models``."""

from __future__ import annotations

from tests.flavors.matrix import WrittenByMlflow2


class TestMlflow2(WrittenByMlflow2):
    flavor = "sklearn"
