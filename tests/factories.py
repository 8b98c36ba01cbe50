"""`tests.support.factories` under the name by which reproductions outside of this repository import it."""

import sys

from tests.support import factories

sys.modules[__name__] = factories
