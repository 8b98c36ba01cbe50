"""Looking at the findings of a verification that ran in this process."""

from __future__ import annotations

from typing import Any

from migrations_safety.verification import verification
from migrations_safety.verification.report import VerificationReport
from migrations_safety.verification.scope import of_registered


def verify() -> VerificationReport:
    """The verification of the patient module on the database that this process is connected to."""
    return verification.run(of_registered("patients"), using="default")


def told(report: VerificationReport) -> set[str]:
    """Id, subject and message of each finding, as a person reads them."""
    return {f"{one.id} {one.subject} {one.message}" for one in report.findings}


def found(report: Any = None) -> set[str]:
    """What a verification that must see drift tells; each finding with a hint."""
    report = report or verify()
    assert report.verdict == "drift"
    assert all(one.hint for one in report.findings)
    return told(report)
