"""How a command ends: one sentence and an exit code on the command line, a CommandError under `call_command`."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, SystemCheckError

from migrations_safety.management.report_places import wants_stdout_alone
from migrations_safety.management.stop_signals import stop_signals_raise
from migrations_safety.management.streams import report_alone
from migrations_safety.messages.errors import describe_error, frames, is_expected, is_from_data
from migrations_safety.messages.refusals.plan import BaselineHoldsRows, Irreversible
from migrations_safety.messages.refusals.rehearsal import NotRehearsed

LOOKED_AND_FOUND = 1
COULD_NOT = 2
INTERRUPTED = 130
KEPT = "Interrupted. What was done is kept; run the same command again to go on."
UNCHANGED = "Interrupted. There is no report, and nothing in the database was changed."
LOOKED = (BaselineHoldsRows, Irreversible, NotRehearsed)
"""Refusals with exit code 1: the command looked, and what it found forbids the work."""


class Stopped(CommandError):
    """The command could not look, or could not finish. The class name is printed before the sentence."""

    def __init__(self, *words: Any, returncode: int = COULD_NOT, **more: Any) -> None:
        super().__init__(*words, returncode=returncode, **more)


class Refused(CommandError):
    """The command looked and found something; on the command line this means exit code 1."""

    def __init__(self, *words: Any, returncode: int = LOOKED_AND_FOUND, **more: Any) -> None:
        super().__init__(*words, returncode=returncode, **more)


class ErrorsAsSentences(BaseCommand):
    """A command that reports each error as one sentence, and writes only the report to stdout if a program reads it."""

    _called_from_command_line: bool
    only_looks: bool = False
    """Whether the command never changes anything, so that there is nothing to keep when it is interrupted."""

    def execute(self, *args: Any, **options: Any) -> Any:
        """Run the command.

        Under `call_command` an error is raised as Refused or Stopped. On the command line the process ends with the
        exit code of that exception.
        """
        try:
            with (
                stop_signals_raise() if self._called_from_command_line else nullcontext(),
                report_alone(wanted=wants_stdout_alone(options)),
            ):
                return super().execute(*args, **options)
        except KeyboardInterrupt as stop:
            self._interrupted(stop)
        except Exception as error:
            if interrupt := _interrupt_before(error):
                self._interrupted(interrupt)
            self._end(error, wants_frames=options.get("traceback", False))

    def _interrupted(self, stop: KeyboardInterrupt) -> NoReturn:
        if not self._called_from_command_line:
            raise stop
        self.stderr.write(UNCHANGED if self.only_looks else KEPT)
        sys.exit(getattr(stop, "exit_code", INTERRUPTED))

    def _end(self, error: Exception, *, wants_frames: bool) -> None:
        """Exit here, because with --traceback Django leaves the exit to Python, whose exit code is always 1."""
        shows_all = getattr(settings, "MIGRATIONS_SAFETY_SHOW_ERRORS", False)
        ending = _ending(error, shows_all=shows_all)
        is_told = is_expected(error) or (isinstance(error, CommandError) and not is_from_data(error))
        if not isinstance(error, Refused) and (wants_frames or not is_told):
            self.stderr.write(frames(error), str)
        if not self._called_from_command_line:
            raise ending from (error if shows_all and ending is not error else None)
        if isinstance(ending, Refused | SystemCheckError):
            self.stderr.write(str(ending), str)
        else:
            self.stderr.write(f"{type(ending).__name__}: {ending}")
        sys.exit(ending.returncode)


def _interrupt_before(error: BaseException) -> KeyboardInterrupt | None:
    """The interrupt that was being handled when the error came.

    An interrupt that reaches the driver between two steps of a statement leaves a connection that takes no more: then
    the rollback, or the release of a lock, fails, and its error hides the interrupt that led to it.
    """
    seen: list[BaseException] = []
    rest: list[BaseException | None] = [error]
    while rest:
        one = rest.pop()
        if isinstance(one, KeyboardInterrupt):
            return one
        if one is not None and one not in seen:
            seen.append(one)
            rest += [one.__context__, one.__cause__]
    return None


def _ending(error: Exception, *, shows_all: bool) -> CommandError:
    if isinstance(error, SystemCheckError):
        error.returncode = COULD_NOT
        return error
    if isinstance(error, CommandError) and not is_from_data(error):
        if isinstance(error, Refused):
            return error
        return Stopped(str(error), returncode=COULD_NOT if error.returncode == 1 else error.returncode)
    returncode = LOOKED_AND_FOUND if isinstance(error, LOOKED) else COULD_NOT
    return Stopped(describe_error(error, everything=shows_all), returncode=returncode)
