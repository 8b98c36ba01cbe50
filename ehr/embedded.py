"""The former name of the module `migrations_safety.postgresql.embedded_server`, kept for code that imports it."""

import sys

from migrations_safety.postgresql import embedded_server

sys.modules[__name__] = embedded_server
