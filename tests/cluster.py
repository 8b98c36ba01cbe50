"""`tests.support.cluster` under the name by which reproductions outside of this repository import it."""

import sys

from tests.support import cluster

sys.modules[__name__] = cluster
