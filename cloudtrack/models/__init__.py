"""A model as a folder: the MLmodel file, signature, environment, saving, loading, prediction.

The names that scripts use (``infer_signature``, ``ModelSignature``, ``Model`` ...) are here as well.
"""

from cloudtrack.models.infer import infer_signature
from cloudtrack.models.model_file import Model, ModelInfo
from cloudtrack.models.signature import ModelSignature

__all__ = ["Model", "ModelInfo", "ModelSignature", "infer_signature"]
