"""Drawing lots that fall the same way for ever.

Where chance would be fair but would have to be remembered (who is held out of a campaign, who
hears from us early in the morning and who later), a lot is drawn from the words that name the
case. Any process draws the same one at any time, so nothing needs to be stored.
"""

from __future__ import annotations

from hashlib import blake2b

_BYTES = 8


def lot(sides: int, *words: str) -> int:
    """An evenly spread number from 0 to `sides` - 1 that follows from the words; 0 for no sides.

    The first word should say what the lot is for: two lots about the same thing would fall
    alike otherwise.
    """
    drawn = blake2b("\0".join(words).encode(), digest_size=_BYTES).digest()
    return int.from_bytes(drawn) * sides >> 8 * _BYTES
