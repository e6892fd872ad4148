"""Command injection, unsafe pickle, zip slip, temporary files: what the package's code may not call, or only there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import cloudtrack
from cloudtrack.storage.folder import FolderStore

PACKAGE = Path(cloudtrack.__file__).parent
ROOT = PACKAGE.parent
NEVER = {
    "os.system",
    "os.popen",
    "os.tempnam",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
    "tempfile.mktemp",
    "marshal.loads",
    "marshal.load",
    "shutil.unpack_archive",
    "xml.etree.ElementTree.parse",
    "ssl._create_unverified_context",
    "random.random",
    "random.choice",
    "random.randrange",
}
"""Calls that no file makes."""
YAML_READERS = {
    "load",
    "load_all",
    "safe_load",
    "safe_load_all",
    "full_load",
    "unsafe_load",
    "parse",
    "compose",
    "scan",
}
ONLY = {
    "pickle.load": {"models/pickle_forms.py"},
    "pickle.loads": set(),
    "pickle.Unpickler": set(),
    "zipfile.ZipFile": {
        "projects/sources.py",
        "models/pickle_forms.py",
        "models/exported_program.py",
        "flavors/keras.py",
        "flavors/pytorch.py",
        "projects/archive.py",
    },
    "tarfile.open": {"scoring/endpoints.py"},  # which writes one
    "torch.load": {"flavors/pytorch.py", "models/exported_program.py"},
    "joblib.load": set(),
    "cloudpickle.load": set(),
    "fsspec.core.url_to_fs": {"storage/places.py", "importing/artifact_roots.py"},
    "fsspec.open": set(),
    "__import__": set(),
    **{word: {"notebooks/magics.py"} for word in ("eval", "exec", "compile")},  # the cell that its user runs
}
"""Calls that these files alone make, because they look first at what they read."""


def files() -> Iterator[tuple[str, ast.Module]]:
    for folder in (PACKAGE, ROOT / "handlers"):
        for file in sorted(folder.rglob("*.py")):
            if "node_modules" not in file.parts:
                yield file.relative_to(folder).as_posix(), ast.parse(file.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def package() -> list[tuple[str, ast.Module]]:
    return list(files())


def calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def test_no_file_calls_what_nobody_may(package: list[tuple[str, ast.Module]]) -> None:
    for name, tree in package:
        for called, node in calls(tree):
            assert called not in NEVER, f"{name}:{node.lineno} calls {called}"
            assert not called.endswith(".extractall"), f"{name}:{node.lineno} unpacks without looking"
            if called in ONLY:
                assert name in ONLY[called], f"{name}:{node.lineno} calls {called}"


def test_no_shell_reads_what_a_program_wrote(package: list[tuple[str, ast.Module]]) -> None:
    for name, tree in package:
        for called, node in calls(tree):
            for keyword in node.keywords:
                is_true = isinstance(keyword.value, ast.Constant) and keyword.value.value is True
                assert not (keyword.arg == "shell" and is_true), f"{name}:{node.lineno} {called} starts a shell"
                is_false = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
                assert not (keyword.arg == "verify" and is_false), f"{name}:{node.lineno} {called} trusts any server"


def test_no_text_names_the_shared_folder_for_temporary_files(package: list[tuple[str, ast.Module]]) -> None:
    for name, tree in package:
        documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
                assert not node.value.startswith(("/tmp", "/var/tmp", "/dev/shm")), f"{name}:{node.lineno}"
        for called, node in calls(tree):
            if called == "tempfile.gettempdir":
                raise AssertionError(f"{name}:{node.lineno} puts files of a known name where everyone may: use mkdtemp")


def test_new_files_of_a_folder_store_have_names_that_nobody_can_guess(tmp_path: Path) -> None:
    names = set()
    for _ in range(50):
        partial, handle = FolderStore(tmp_path)._new_partial()
        names.add(Path(partial).name)
        with open(handle, "wb"):
            pass
    assert len(names) == 50
    assert all(len(name) == 16 for name in names)


def test_yaml_is_read_in_one_place(package: list[tuple[str, ast.Module]]) -> None:
    for name, tree in package:
        if name == "plain_yaml.py":
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "yaml":
                assert node.attr not in YAML_READERS, f"{name}:{node.lineno} reads YAML: use plain_yaml"
            if isinstance(node, ast.ImportFrom) and node.module == "yaml":
                assert not {each.name for each in node.names} & YAML_READERS, f"{name}:{node.lineno}: use plain_yaml"
