"""Archives of ``torch.export``: what they unpickle and evaluate is followed before torch reads them.

One holds a program as JSON (see ``exported_graph``), weights and constants as plain bytes or, of classes of their own,
as pickles, and the sample inputs as one of torch's archives. Torch reads every program in it, compiled ones too.
"""

from __future__ import annotations

import io
import pickle
import re
import zipfile

from cloudtrack.models.exported_graph import check_inputs, check_payloads, check_program
from cloudtrack.models.frameworks import framework
from cloudtrack.models.pickle_forms import member_of, opened_archive, scan_file
from cloudtrack.models.pickle_values import Data, Refused

_PROGRAM = "models/model.json"
_WEIGHTS = "data/weights/model_weights_config.json"
_CONSTANTS = "data/constants/model_constants_config.json"
_INPUTS = "data/sample_inputs/model.pt"
_REQUIRED = (_PROGRAM, _WEIGHTS, _CONSTANTS, _INPUTS)
_FILES = re.compile(
    r"archive_format|archive_version|byteorder|\.data/version|\.data/serialization_id|\.format_version"
    r"|\.storage_alignment|data/weights/weight_[0-9]+|data/constants/tensor_[0-9]+",
    re.ASCII,
)


def scan_program(data: Data) -> None:
    """Raises Refused for an archive of ``torch.export`` that may do anything but compute with tensors."""
    with opened_archive(data) as archive:
        top = archive.namelist()[0].partition("/")[0] + "/"
        for name in archive.namelist():
            inner = name.removeprefix(top)
            if not name.startswith(top) or not (inner in _REQUIRED or _FILES.fullmatch(inner)):
                raise Refused(f"holds {inner}, which an exported program has no need of")
        try:
            check_program(_read(archive, top + _PROGRAM))
            check_payloads(_read(archive, top + _WEIGHTS), "weight")
            check_payloads(_read(archive, top + _CONSTANTS), "tensor")
            _check_sample(_read(archive, top + _INPUTS))
        except RecursionError as error:
            raise Refused("nests too deep") from error


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        with member_of(archive, name) as content:
            return content[0 : len(content)]
    except KeyError:
        raise Refused(f"has no {name.partition('/')[2]}") from None


def _check_sample(content: bytes) -> None:
    """Torch reads them as data alone at first, and where it cannot, as any pickle."""
    if not content:
        return
    scan_file(content, "torch")
    torch = framework("torch", extra="pytorch")
    try:
        inputs = torch.load(io.BytesIO(content), weights_only=True, map_location="cpu")
    except (RuntimeError, ValueError, pickle.UnpicklingError) as error:
        raise Refused(f"has sample inputs that are no data: {str(error).splitlines()[0]}") from error
    check_inputs(inputs, lambda value: type(value) is torch.Tensor)
