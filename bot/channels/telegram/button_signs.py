"""What stands for a button's words on Telegram, where there is room for 64 bytes.

Short words stand there themselves, behind `=`; of longer ones a digest, behind `#`, and the words
are kept in storage (`storage/button_words.py`) before the button is posted.
"""

from __future__ import annotations

from hashlib import blake2b

from scheduler.content import Content

_ITSELF = "="
_DIGEST = "#"
_ROOM = 62  # bytes of words; Telegram takes 64 with the mark (InlineKeyboardButton.callback_data)
_DIGEST_BYTES = 24  # so many that no two words ever share one; twice as many letters


def sign_of(says: str) -> str:
    """What goes into the button."""
    if len(says.encode()) <= _ROOM:
        return _ITSELF + says
    return _DIGEST + _digest(says)


def words_to_keep(content: Content) -> dict[str, str]:
    """The words that a content's buttons have no room for, by their digests."""
    long = (one.says for one in content.buttons if not one.link and len(one.says.encode()) > _ROOM)
    return {_digest(says): says for says in long}


def words_in(sign: str) -> str | None:
    """The words that a sign holds itself; None where it is a digest, or none of ours."""
    return sign[1:] if sign.startswith(_ITSELF) else None


def digest_in(sign: str) -> str | None:
    """The digest that a sign holds; None where it holds the words, or is none of ours."""
    return sign[1:] if sign.startswith(_DIGEST) else None


def _digest(says: str) -> str:
    return blake2b(says.encode(), digest_size=_DIGEST_BYTES).hexdigest()
