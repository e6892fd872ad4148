"""``cloudtrack.artifacts``: MLflow's names for listing and fetching the files of runs."""

from cloudtrack.fluent.artifacts import download_artifacts, list_artifacts, load_dict, load_image, load_text

__all__ = ["download_artifacts", "list_artifacts", "load_dict", "load_image", "load_text"]
