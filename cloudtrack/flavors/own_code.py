"""The code of one's own that a model needs: modules in the working folder, found by what the model's code imports."""

from __future__ import annotations

import ast
import importlib.util
import site
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path


def own_code(modules: Iterable[str], code: Path | None = None) -> list[str]:
    """Paths of the modules and packages below the working folder among these, and of all that they import in turn.

    ``code`` is a file that imports as well. Nothing is run. What is installed is left out: requirements name it.
    """
    found: dict[str, Path | None] = {}
    waiting = [*modules, *(_imported(code) if code else ())]
    while waiting:
        name = waiting.pop().partition(".")[0]
        if name and name not in found:
            found[name] = path = _own_path(name)
            if path is not None:
                files = [path] if path.is_file() else path.rglob("*.py")
                waiting.extend(each for file in files for each in _imported(file))
    return sorted(str(path) for path in found.values() if path is not None)


def _own_path(name: str) -> Path | None:
    """The file of a module or the folder of a package; None for what is not one's own."""
    if name in ("__main__", "cloudtrack"):
        return None
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return None
    if spec is None:
        return None
    places = list(spec.submodule_search_locations or ()) or [spec.origin or ""]
    path = Path(places[0]).resolve()
    is_own = Path.cwd().resolve() in path.parents and (path.is_dir() or path.suffix == ".py") and path.exists()
    return path if is_own and not any(path.is_relative_to(each) for each in _installed()) else None


def _installed() -> Iterator[Path]:
    """Where packages are installed, which may be below the working folder, as ``.venv`` is."""
    for place in {*site.getsitepackages(), *sysconfig.get_paths().values()}:
        yield Path(place).resolve()


def _imported(file: Path) -> Iterator[str]:
    """The modules that a file imports by their whole names."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, OSError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
