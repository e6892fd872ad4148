"""What importing costs, and what the package offers."""

from __future__ import annotations

import subprocess
import sys

import cloudtrack


def test_import_loads_no_heavy_library() -> None:
    code = "import sys, cloudtrack; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    heavy = {
        "boto3",
        "botocore",
        "s3fs",
        "fsspec",
        "obstore",
        "duckdb",
        "numpy",
        "pandas",
        "sklearn",
        "yaml",
        "pydantic",
        "lark",
    }
    assert loaded & heavy == set()


def test_a_run_in_a_folder_loads_no_s3_and_no_data_frames() -> None:
    code = """
import sys, tempfile
import cloudtrack as ct
ct.set_tracking_uri(tempfile.mkdtemp())
with ct.start_run():
    ct.log_metric("m", 1)
print(*sorted({name.partition('.')[0] for name in sys.modules}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (
        set(done.stdout.split()) & {"boto3", "botocore", "s3fs", "obstore", "duckdb", "lark", "numpy", "pandas"}
        == set()
    )


def test_every_public_name_is_there() -> None:
    for name in cloudtrack.__all__:
        assert getattr(cloudtrack, name) is not None
    assert set(cloudtrack.__all__) <= set(dir(cloudtrack))
    assert cloudtrack.__version__.count(".") == 2


def test_the_lazy_names_are_those_that_type_checkers_see() -> None:
    import ast
    from pathlib import Path

    tree = ast.parse(Path(cloudtrack.__file__).read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    typed = {alias.asname for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert typed == set(cloudtrack.__all__)
