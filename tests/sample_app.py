"""`tests.support.sample_app` under the name by which reproductions outside of this repository import it."""

import sys

from tests.support import sample_app

sys.modules[__name__] = sample_app
