"""All cases. Read by MLflow's interpreter too."""

from __future__ import annotations

from tests.models.enforcement.columns import TABLES
from tests.models.enforcement.nested import NESTED
from tests.models.enforcement.params import PARAMS
from tests.models.enforcement.tensors import TENSORS

CORPUS = [*TABLES, *NESTED, *TENSORS, *PARAMS]
