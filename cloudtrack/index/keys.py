"""Keys of an index below the prefix of its collection."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class IndexKeys:
    """The keys of one index; ``prefix`` ends in a slash."""

    prefix: str

    @property
    def manifest(self) -> str:
        """The document that says which parts count."""
        return f"{self.prefix}manifest.json"

    @property
    def pending(self) -> str:
        """Prefix of the markers."""
        return f"{self.prefix}pending/"

    def marker(self, document_id: str, version: int) -> str:
        """The empty marker that says: this document changes at ``version``."""
        return f"{self.pending}{document_id}.{version}"

    def rows(self, part: str) -> str:
        """A part's columns, as Parquet."""
        return f"{self.prefix}parts/{part}.parquet"

    def entities(self, part: str) -> str:
        """A part's rows as they are shown, in blocks. Beside the folder of the columns: Athena reads all of that."""
        return f"{self.prefix}entities/{part}.blocks"
