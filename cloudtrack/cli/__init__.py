"""The command line: a file a noun; parse, call the client, print."""
