"""``python -m cloudtrack``: the command line."""

from cloudtrack.cli.main import main

main()
