"""What ``spark-submit`` starts: the worker. Alone in its folder, which Spark puts on the program's path."""

import sys

from cloudtrack.projects.worker import main

sys.exit(main())
