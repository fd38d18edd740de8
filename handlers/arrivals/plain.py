"""What a feed says of a product, made plain: text without HTML, decimal prices, safe addresses.

A feed is written by somebody else's program. Whatever it holds, a title is one line of readable
characters, a price a decimal number that is no surprise, and an address one of the web.
"""

from __future__ import annotations

import ipaddress
import re
import tomllib
import unicodedata
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

LONGEST_TITLE = 80
"""Characters of a title; more is cut."""

_LONGEST_READ = 4_000  # characters that are looked at
_LONGEST_ADDRESS = 1_000  # characters
_HIDDEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<(?P<name>script|style|template|noscript)\b.*?(?:</(?P=name)[^>]*>|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_TAG = re.compile(
    r"""<(?:/?(?P<name>[a-z][a-z0-9]*)|[!?])(?:"[^"]*(?:"|\Z)|'[^']*(?:'|\Z)|[^'"<>])*+(?:>|(?=<)|\Z)""",
    re.IGNORECASE,
)
_INLINE = frozenset(
    {"a", "b", "em", "font", "i", "mark", "s", "small", "span", "strong", "sub", "sup", "u"}
)
PRIVATE_NAMES = (".localhost", ".local", ".internal", ".lan", ".home.arpa")
"""How the names of machines of one's own end."""

_DIGITS = re.compile(r"[0-9]+|0x[0-9a-f]*")
_TWICE = 2  # shops escape what was escaped already
_HIGHEST = Decimal(10) ** 9
_MOST_DECIMALS = 4
_AMOUNT = re.compile(r"(?P<before>[^\d+\-.,]*)(?P<number>\d[\d.,' \u00a0\u202f]*)(?P<after>[^\d]*)")
_BLANKS = re.compile(r"[' \u00a0\u202f]")
_BY_THOUSANDS = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_CODE = re.compile(r"[A-Z]{3}")


@lru_cache(maxsize=1)
def names() -> dict[str, Any]:
    """What feeds call things, from `fields.toml`."""
    return tomllib.loads(Path(__file__).with_name("fields.toml").read_text(encoding="utf-8"))


def _shown(markup: str) -> str:
    """What a page would show: most tags begin a line or a box, which is at least a blank.

    What a pattern has looked at it takes, so that reading takes as long as the text is.
    """
    return unescape(_TAG.sub(_between, _HIDDEN.sub(" ", markup)))


def _between(tag: re.Match[str]) -> str:
    return "" if (tag["name"] or "").lower() in _INLINE else " "


def plain(text: object, longest: int = LONGEST_TITLE) -> str:
    """One line of text without HTML, control characters or hidden marks; empty for what is none."""
    if not isinstance(text, str):
        return str(text) if isinstance(text, int) and not isinstance(text, bool) else ""
    shown = text[:_LONGEST_READ]
    for _ in range(_TWICE):
        shown = _shown(shown)
    # Control characters become blanks; marks that nobody sees, such as those that turn text
    # around, go.
    seen = (
        " " if unicodedata.category(one) == "Cc" else one
        for one in shown
        if unicodedata.category(one) not in {"Cf", "Cs", "Co"}
    )
    line = " ".join("".join(seen).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def amount(found: object, currency: str) -> tuple[Decimal, str] | None:
    """A price with its currency, as feeds write it: `199.00`, `9.99 GBP`, `¥1,299`, `19,90 €`.

    Args:
        found: what stands there.
        currency: of a price that names none.

    Returns:
        None for what is no price: no number, a negative one, or one of a thousand million.
    """
    if isinstance(found, bool):
        return None
    if isinstance(found, int | Decimal):
        return (plainly, currency) if (plainly := _sane(Decimal(found))) is not None else None
    if not isinstance(found, str) or len(found) > LONGEST_TITLE:
        return None
    written = _AMOUNT.fullmatch(found.strip())
    if written is None:
        return None
    number_read = _number(_BLANKS.sub("", written["number"]))
    meant = _currency((written["before"] + written["after"]).strip(), currency)
    if number_read is None or meant is None:
        return None
    return number_read, meant


def _sane(number: Decimal) -> Decimal | None:
    """A number that a price can be, without an exponent."""
    if not number.is_finite() or not 0 <= number < _HIGHEST:
        return None
    decimals = number.as_tuple().exponent
    if not isinstance(decimals, int) or decimals < -_MOST_DECIMALS:
        return None
    return Decimal(f"{number:f}")


def _number(written: str) -> Decimal | None:
    """The number, whichever sign its thousands and its decimals have."""
    last = max(written.rfind("."), written.rfind(","))
    signs = {one for one in written if one in ".,"}
    if len(signs) > 1:
        whole = re.sub(r"[.,]", "", written[:last])
        written = f"{whole}.{written[last + 1 :]}"
    elif "," in signs or written.count(".") > 1:
        if _BY_THOUSANDS.fullmatch(written):
            written = re.sub(r"[.,]", "", written)
        elif written.count(",") == 1:
            written = written.replace(",", ".")
    try:
        return _sane(Decimal(written))
    except InvalidOperation:
        return None


def _currency(sign: str, otherwise: str) -> str | None:
    if not sign:
        return otherwise
    if _CODE.fullmatch(sign.upper()) and sign.lower() not in names()["currencies"]:
        return sign.upper()
    known: str | None = names()["currencies"].get(sign.lower())
    return known if known is None else known or otherwise


def address(found: object, base: str) -> str:
    """An address of the web, whole (relative to `base`); empty for any other."""
    if not isinstance(found, str) or not found.strip() or len(found) > _LONGEST_ADDRESS:
        return ""
    try:
        parts = urlsplit(urljoin(base, found.strip()))
        port = parts.port
    except ValueError:
        return ""
    host = parts.hostname or ""
    unsafe = any(one.isspace() or not one.isprintable() for one in found.strip())
    if parts.scheme not in {"http", "https"} or not host or "@" in parts.netloc or unsafe:
        return ""
    where = f"[{host}]" if ":" in host else host
    return urlunsplit(
        (parts.scheme, where if port is None else f"{where}:{port}", parts.path, parts.query, "")
    )


def public_address(found: object, base: str) -> str:
    """The same for what is shown to fans: never an address of a machine of one's own."""
    whole = address(found, base)
    host = (urlsplit(whole).hostname or "").rstrip(".")
    try:
        return whole if ipaddress.ip_address(host).is_global else ""
    except ValueError:
        # A last part in digits is an address in some other writing, such as 127.1 or 0x7f.1.
        last = host.rpartition(".")[2]
        mine = "." not in host or host.endswith(PRIVATE_NAMES) or _DIGITS.fullmatch(last)
        return "" if mine else whole
