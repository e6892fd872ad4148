"""An image, as ``log_image`` takes it."""

from __future__ import annotations

import os
from typing import Any

from cloudtrack.tracking.rich_artifacts import open_picture, to_picture


class Image:
    """A picture of numpy's array, of a list of such, of PIL, or of a file, as ``mlflow.Image``."""

    def __init__(self, image: Any) -> None:
        """Raises InvalidInput for what is no picture, MissingDependency without Pillow."""
        import numpy

        if isinstance(image, str | os.PathLike):
            self._picture = open_picture(image)
        else:
            self._picture = to_picture(numpy.asarray(image) if isinstance(image, list) else image)

    def to_array(self) -> Any:
        """numpy's array: height, width and channels; integers from 0 to 255."""
        import numpy

        return numpy.asarray(self._picture)

    def to_list(self) -> list[Any]:
        """The same as lists in lists."""
        found: list[Any] = self.to_array().tolist()
        return found

    def to_pil(self) -> Any:
        """Pillow's image."""
        return self._picture

    def resize(self, size: tuple[int, int]) -> Image:
        """The picture in another size: width and height in pixels."""
        return Image(self._picture.resize(size))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it to a local file, in the format of the ending."""
        self._picture.save(path)
