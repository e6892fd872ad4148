"""Looking after a store; everything here is safe to run twice and safe to stop halfway."""
