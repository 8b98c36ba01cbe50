"""Reads a file in which somebody states that there is a backup, and signs it with an Ed25519 key.

The file is JSON, and beside it stands `<file>.sig`, the signature over its bytes, as `openssl pkeyutl -sign -rawin`
writes it. Only keys that the project names are believed (setting MIGRATIONS_SAFETY_BACKUP_KEYS).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from migrations_safety.backup.evidence.values import BackupEvidence, CouldNotRead, Places, Unread
from migrations_safety.backup.manifest import Proof
from migrations_safety.backup.regular_file import parsed_json, read_regular_file

KIND, SUFFIX = "signed", ".sig"
SIGNATURE_BYTES = 64
STATES, SCHEMA_VERSION = "backup_evidence", 1
SIGN = "Sign it: openssl pkeyutl -sign -rawin -inkey KEY.pem -in {file} -out {file}.sig"
NAME_KEYS = "Name the public keys (PEM) of those who may sign in the setting MIGRATIONS_SAFETY_BACKUP_KEYS."


def signed(place: str, places: Places) -> Iterator[BackupEvidence | Unread]:
    """Yield the backup that a signed file states; it is `restored` where this very backup was restored since."""
    file = Path(place).expanduser()
    try:
        stated = read_regular_file(file)
        signature = _signature(read_regular_file(file.with_name(file.name + SUFFIX)))
    except OSError as error:
        raise CouldNotRead(f"{error.filename}: {error.strerror}", SIGN.format(file=place)) from None
    if not places.keys:
        raise CouldNotRead("no key is named that may sign", NAME_KEYS)
    if not any(_verifies(key, signature, stated) for key in places.keys):
        reason = "its signature is by none of the named keys, or the file has changed since"
        yield Unread(place=f"{KIND}:{place}", reason=reason, hint=SIGN.format(file=place), is_looked_at=True)
        return
    try:
        yield _backup(parsed_json(stated), hashlib.sha256(stated).hexdigest())
    except (KeyError, TypeError, ValueError, AttributeError):
        reason = "it does not state a backup in the form that docs/reference.md describes"
        yield Unread(place=f"{KIND}:{place}", reason=reason, is_looked_at=True)


def _signature(content: bytes) -> bytes:
    """Return the 64 bytes of a signature, which may be written in base64."""
    if len(content) == SIGNATURE_BYTES:
        return content
    try:
        return base64.b64decode(b"".join(content.split()), validate=True)
    except binascii.Error:
        return b""


def _verifies(key: str, signature: bytes, stated: bytes) -> bool:
    try:
        from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    except ImportError:
        hint = 'Install it: pip install "django-migrations-safety[signed]"'
        raise CouldNotRead("the package cryptography is not installed", hint) from None
    try:
        public = load_pem_public_key(read_regular_file(Path(key).expanduser()))
    except OSError as error:
        raise CouldNotRead(f"the key {key} cannot be read: {error.strerror}", NAME_KEYS) from None
    except (ValueError, UnsupportedAlgorithm):
        raise CouldNotRead(f"{key} is no public key in PEM", NAME_KEYS) from None
    if not isinstance(public, Ed25519PublicKey):
        raise CouldNotRead(f"{key} is no Ed25519 key", "Make one: openssl genpkey -algorithm ed25519 -out KEY.pem")
    try:
        public.verify(signature, stated)
    except InvalidSignature:
        return False
    return True


def _backup(stated: dict[str, Any], checksum: str) -> BackupEvidence:
    if stated["states"] != STATES or stated["schema_version"] != SCHEMA_VERSION:
        raise ValueError(stated["states"])
    taken_at = _moment(stated["taken_at"])
    restored_at = _moment(stated["restored_at"]) if stated.get("restored_at") else None
    was_restored = restored_at is not None and restored_at >= taken_at
    archived = stated.get("wal_archived_until")
    return BackupEvidence(
        kind=KIND,
        name=str(stated["backup"]),
        checksum=checksum,
        database=str(stated["database"]) if stated.get("database") else None,
        system_identifier=str(stated["system_identifier"]),
        taken_at=taken_at,
        proof=Proof.RESTORED if was_restored else Proof.WRITTEN,
        wal_archived_until=str(archived) if archived else None,
        restored_at=restored_at,
    )


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment
