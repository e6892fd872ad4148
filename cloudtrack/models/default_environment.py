"""What models of a flavor need, before one is there: the functions that every module of a flavor has for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from cloudtrack.models.environment import conda_of, pinned


def default_environment(modules: Iterable[str]) -> tuple[Callable[..., list[str]], Callable[..., dict[str, Any]]]:
    """A flavor's ``get_default_pip_requirements`` and ``get_default_conda_env``.

    Both say which versions are installed here of what the flavor's models need; what is not installed is left out.
    """

    def get_default_pip_requirements(include_cloudpickle: bool = False, include_skops: bool = False) -> list[str]:
        """What a model of this flavor needs, as pip takes it; and what loads its file, where that is asked for."""
        loaders = {"cloudpickle": include_cloudpickle, "skops": include_skops}
        return pinned({*modules, *(name for name, wanted in loaders.items() if wanted)})

    def get_default_conda_env(include_cloudpickle: bool = False, include_skops: bool = False) -> dict[str, Any]:
        """The same as an environment of conda, for ``conda_env``."""
        return conda_of(get_default_pip_requirements(include_cloudpickle, include_skops))

    return get_default_pip_requirements, get_default_conda_env
