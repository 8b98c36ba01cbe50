"""`tests.support.commands` under the name by which reproductions outside of this repository import it."""

import sys

from tests.support import commands

sys.modules[__name__] = commands
