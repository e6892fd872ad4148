"""Where versions come from, how two differ, and versions that go to other stores."""
