"""One library, one file, found by name; nothing imports a flavor."""
