"""The web page: its sources, how they are built and published, and a copy of a store that needs no server."""
