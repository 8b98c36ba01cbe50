"""`migrations_safety.postgresql.embedded_server` under the name by which it was imported before it moved."""

import sys

from migrations_safety.postgresql import embedded_server

sys.modules[__name__] = embedded_server
