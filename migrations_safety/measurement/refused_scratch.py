"""The error that says why a plan is not measured."""


class NotMeasured(Exception):
    """Raised where there is no scratch database, or where the schema could not be copied to it; the text says why."""
