"""What is swept: cloudtrack sweep docs/examples/sweep --param x=-2:2 --trials 8 --metric loss --goal minimize."""

import sys

import cloudtrack as ct

x = float(sys.argv[1])
ct.log_metric("loss", (x - 1) ** 2)
