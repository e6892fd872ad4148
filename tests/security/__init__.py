"""Every class of weakness that experiment trackers had, and the promise that keeps it out."""
