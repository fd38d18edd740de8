"""Secrets of accounts that stand in files: read, checked for their shape, and never quoted."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import SecretStr

from storage.errors import RunningError


class SecretUnreadable(RunningError):
    """A file that should hold a token or another secret is missing or holds none."""

    number = 507
    sentence = "{key} names {place}, which cannot be read: {reason}."
    mend = "Write what is needed into that file alone, on one line, readable by the bot's user."


def secret_in(file: Path, key: str, shape: re.Pattern[str], what: str) -> SecretStr:
    """What stands in the file.

    Args:
        file: where it stands, alone.
        key: what names the file in the configuration, for the error.
        shape: what the secret looks like, as a whole.
        what: the same in words, for the error.

    Raises:
        SecretUnreadable: the file is missing, or holds nothing of this shape.
    """
    try:
        held = file.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        raise SecretUnreadable(key=key, place=file, reason="it is no text") from None
    except OSError as trouble:
        reason = trouble.strerror
        raise SecretUnreadable(key=key, place=file, reason=reason) from trouble
    if not shape.fullmatch(held):
        raise SecretUnreadable(key=key, place=file, reason=f"{what} should be in it")
    return SecretStr(held)
