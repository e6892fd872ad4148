"""Where versions come from, how they differ, and how they travel."""
