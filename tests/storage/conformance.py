"""What every store promises; each kind of store runs all of it."""
