"""The version of this package, where MLflow has its own."""

from importlib.metadata import version

VERSION = version("cloudtrack")
