"""Secrets that must be kept and shown again, such as a partner's token: sealed before they go into Kafka."""

import base64
import binascii
import hashlib
import os
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.runtime.secret_file import kept_secret

_NONCE: Final = 12
_FILE: Final = "sealing-key"


class CannotUnseal(Exception):
    """Sealed with another key, for another purpose, or changed since."""


class Seal:
    """Authenticated encryption (AES-256-GCM) of short secrets, each bound to what it is for."""

    def __init__(self, key: bytes) -> None:
        """`key`: any 32 bytes or more that nobody else has."""
        if len(key) < 32:
            raise ValueError("a sealing key has at least 32 bytes")
        self._aead = AESGCM(hashlib.sha256(b"wattlog sealing v1" + key).digest())

    def seal(self, secret: str, purpose: str) -> str:
        """The secret, unreadable; `purpose` has to be named again to read it."""
        nonce = os.urandom(_NONCE)
        sealed = self._aead.encrypt(nonce, secret.encode(), purpose.encode())
        return base64.b64encode(nonce + sealed).decode()

    def unseal(self, sealed: str, purpose: str) -> str:
        """The secret again; CannotUnseal for whatever was not sealed here for this."""
        try:
            raw = base64.b64decode(sealed, validate=True)
            return self._aead.decrypt(raw[:_NONCE], raw[_NONCE:], purpose.encode()).decode()
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise CannotUnseal(f"the secret for {purpose} was sealed with another key") from error


def seal_of(sealing_key: str, data_dir: Path) -> Seal:
    """By the key of the settings (Base64), or by one that this installation makes for itself.

    ValueError when the setting is no Base64 of at least 32 bytes.
    """
    if not sealing_key:
        return Seal(kept_secret(data_dir / _FILE))
    try:
        return Seal(base64.b64decode(sealing_key, validate=True))
    except (binascii.Error, ValueError) as error:
        raise ValueError(
            "WATTLOG_SEALING_KEY is no Base64 of 32 bytes: make one by `openssl rand -base64 32`"
        ) from error
