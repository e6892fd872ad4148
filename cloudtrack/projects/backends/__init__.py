"""Where projects run; one file a place, found by name."""
