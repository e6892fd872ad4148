"""The versions in a model's state: those that changed lately here, all others in pages.

A state of 200,000 versions has about 400 pages, and reads one where it needs an old version. What no commit has
touched for long costs nothing.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator

from pydantic import BaseModel, ConfigDict, PrivateAttr

from cloudtrack.registry.version_pages import PAGE_VERSIONS, LoadPage, Page, PageRef
from cloudtrack.registry.version_state import VersionState

MOST_RECENT = 256
"""A state that has more versions by itself puts some into pages."""
_STAYING = 64
"""So many of the newest are not put into pages: they change most."""
_PAGES_AT_ONCE = 2

WritePage = Callable[[Iterable[VersionState]], PageRef]


class Versions(BaseModel):
    """Versions by number, without a gap, also those that were deleted."""

    model_config = ConfigDict(extra="allow")

    recent: dict[int, VersionState] = {}
    pages: list[PageRef] = []
    _load: LoadPage | None = PrivateAttr(None)

    def bind(self, load: LoadPage) -> None:
        """Say how pages are read; a function that can be shared, for copies of this share it."""
        self._load = load

    def bound_as(self, other: Versions) -> Versions:
        """This, reading pages as the other does."""
        self._load = other._load
        return self

    def get(self, number: int) -> VersionState | None:
        """A version; None for one that never was, or was deleted."""
        found = self.find(number)
        return None if found is None or found.deleted else found

    def find(self, number: int) -> VersionState | None:
        """A version, also a deleted one; None for one that never was."""
        return self.recent.get(number) or self._in_page(number)

    def change(self, number: int, event: int) -> VersionState:
        """A version, to be changed by an event. Raises KeyError for one that is not there."""
        found = self.recent.get(number)
        if found is None:
            in_page = self._in_page(number)
            if in_page is None:
                raise KeyError(number)
            page = self._page_of(number)
            if page is not None and not in_page.deleted:
                page.counts[in_page.stage] -= 1
            found = self.recent[number] = in_page.model_copy(deep=True)
        found.number = event
        return found

    def add(self, version: VersionState) -> None:
        """A version with the next number."""
        self.recent[version.version] = version

    def holders(self, stage: str) -> list[int]:
        """The versions in a stage, smallest first; reads each page that has some."""
        found = [number for number, version in self.recent.items() if _is_in(version, stage)]
        for page in self.pages:
            if page.counts.get(stage):
                found += [number for number, version in self._counting(page) if _is_in(version, stage)]
        return sorted(found)

    def newest_in(self, stage: str) -> int | None:
        """The greatest version in a stage; reads one page at the most, but for stages that have just been emptied."""
        best = max((number for number, version in self.recent.items() if _is_in(version, stage)), default=0)
        for page in reversed(self.pages):
            if page.last < best:
                break
            if page.counts.get(stage):
                told = page.newest[stage]
                if told in self.recent:
                    told = max(number for number, version in self._counting(page) if _is_in(version, stage))
                return max(best, told)
        return best or None

    def newest(self) -> int | None:
        """The greatest version that is not deleted."""
        stages = {version.stage for version in self.recent.values()}.union(*(page.newest for page in self.pages))
        return max((number for stage in stages if (number := self.newest_in(stage))), default=None)

    def since(self, event: int) -> Iterator[VersionState]:
        """What an event with this number or a later one changed, smallest version first; all of them from 0 on."""
        paged = (version for page in self.pages if page.number >= event for _, version in self._counting(page))
        here = (self.recent[number] for number in sorted(self.recent))
        ordered = heapq.merge(paged, here, key=lambda version: version.version)
        return (version for version in ordered if version.number >= event)

    def pack(self, write: WritePage) -> None:
        """Put versions into pages where there are many, two pages at a time."""
        for _ in range(_PAGES_AT_ONCE):
            if len(self.recent) <= MOST_RECENT:
                return
            self._pack_one(write)

    def _pack_one(self, write: WritePage) -> None:
        """Write the page anew that would take most, or one with versions that no page has."""
        places: dict[int, list[int]] = {}
        for number in sorted(self.recent):
            places.setdefault(self._place_of(number), []).append(number)
        end = len(self.pages)
        places[end] = places.get(end, [])[:-_STAYING]
        place = max(places, key=lambda index: len(places[index]))
        rows = {number: self.recent[number] for number in places[place]}
        if place == end and self.pages and self._size(self.pages[-1]) < PAGE_VERSIONS:
            place -= 1
        if place < end:
            page = self.pages[place]
            mine = {number: self.recent[number] for number in self.recent if page.first <= number <= page.last}
            rows = {**self._read(page), **mine, **rows}
        written = dict(sorted(rows.items())[:PAGE_VERSIONS])
        self.pages[place : place + 1] = [write(written.values())]
        for number in written:
            self.recent.pop(number, None)

    def _in_page(self, number: int) -> VersionState | None:
        page = self._page_of(number)
        return None if page is None else self._read(page).get(number)

    def _page_of(self, number: int) -> PageRef | None:
        place = self._place_of(number)
        return self.pages[place] if place < len(self.pages) and number >= self.pages[place].first else None

    def _place_of(self, number: int) -> int:
        """The index of the page that has a number; that after the last for one that no page has yet."""
        return bisect_left(self.pages, number, key=lambda page: page.last)

    def _counting(self, page: PageRef) -> Iterator[tuple[int, VersionState]]:
        return ((number, version) for number, version in self._read(page).items() if number not in self.recent)

    def _read(self, page: PageRef) -> Page:
        assert self._load is not None, "nobody said how pages are read"  # noqa: S101 - whoever makes one binds it
        return self._load(page.key)

    @staticmethod
    def _size(page: PageRef) -> int:
        return page.last - page.first + 1


def _is_in(version: VersionState, stage: str) -> bool:
    return version.stage == stage and not version.deleted
