"""The settings of a step on the copy: those of the project, with every database replaced and nothing measured.

The measurement of a plan starts programs and makes databases of its own; the rehearsal measures the plan itself.
"""

from migrations_safety.measurement import scratch_settings

globals().update({name: getattr(scratch_settings, name) for name in dir(scratch_settings) if name.isupper()})

MIGRATIONS_SAFETY_MEASURE = False
