"""The errors of a restore that say nothing about the archive."""


class NoPlace(Exception):
    """Raised where an archive cannot be restored; the text says why, as a part of a sentence."""


class BrokenOff(Exception):
    """Raised where a restore did not get to its end for a reason that is not the archive; the text says which."""
