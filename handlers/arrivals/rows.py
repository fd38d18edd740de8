"""From a row of a feed, by the names that feeds use, to a product; what is none is named.

JSON and CSV have rows of their own; the formats of shops and XML are brought into the same names
first. Names are compared as `fields.toml` says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from handlers.arrivals.plain import address, amount, names, plain, public_address
from handlers.arrivals.troubles import MOST_NAMED, BadRow, FeedTrouble, Flaw, Trouble
from storage.products import Ware

MOST_WARES = 20_000
"""Products of one feed."""

Row = Mapping[str, Any]
"""What a feed says of one product, by the names that feeds use."""

_LONGEST_KEY = 200  # characters
_LONGEST_TAG = 30
_MOST_TAGS = 20
_SHOWN = 30  # characters of what a bad row says


@dataclass(frozen=True, slots=True)
class Reading:
    """What one page of a feed holds: its products, how many rows it has, and how many are bad.

    The first of the bad ones are `named`.
    """

    wares: tuple[Ware, ...]
    rows: int
    bad: int
    named: tuple[BadRow, ...] = ()


def read_rows(rows: Sequence[Row | None], base: str, currency: str) -> Reading:
    """The products in rows; one that comes twice counts once.

    Args:
        rows: by any names that feeds use; None for what is not for sale.
        base: the address that they came from, for addresses relative to it.
        currency: of prices without one.

    Raises:
        FeedTrouble: there are too many.
    """
    if len(rows) > MOST_WARES:
        raise FeedTrouble(Trouble.MANY, str(len(rows)))
    wares: dict[str, Ware] = {}
    bad: list[BadRow] = []
    for place, row in enumerate(rows, start=1):
        if row is None:
            continue
        found = _read({_name(str(key)): value for key, value in row.items()}, place, base, currency)
        if isinstance(found, BadRow):
            bad.append(found)
        else:
            wares.setdefault(found.key, found)
    return Reading(tuple(wares.values()), len(rows), len(bad), tuple(bad[:MOST_NAMED]))


def _read(row: Mapping[str, Any], place: int, base: str, currency: str) -> Ware | BadRow:
    """The product of a row, or why it is none."""
    title = plain(_first(row, "title"))
    link = public_address(_first(row, "link"), base)
    key = plain(_first(row, "key"), _LONGEST_KEY) or link
    named = plain(_first(row, "currency"), 3).upper() or currency
    written = _first(row, "sale_price") or _first(row, "price")
    price = amount(_unwrapped(written), named)
    name = plain(title or key, _SHOWN)
    if not title:
        return BadRow(place, Flaw.NO_TITLE, name)
    if not key:
        return BadRow(place, Flaw.NO_KEY, name)
    if price is None and written is not None:
        return BadRow(place, Flaw.NO_PRICE, name, plain(_unwrapped(written), _SHOWN))
    return Ware(
        key=key,
        title=title,
        price=None if price is None else price[0],
        currency=named if price is None else price[1],
        link=link,
        picture=public_address(_unwrapped(_first(row, "picture")), base),
        category=plain(_first(row, "category"), _LONGEST_TAG),
        tags=_tags(_first(row, "tags")),
        available=_available(_first(row, "available")),
        varies=row.get("varies") is True,
        changed_at=moment(_first(row, "changed_at")),
    )


def _first(row: Mapping[str, Any], field: str) -> Any:
    """What a row has under the first of the names of a field that says anything."""
    for name in _names_of(field):
        found = row.get(name)
        if found is not None and found != "":
            return found
    return None


@lru_cache(maxsize=32)
def _names_of(field: str) -> tuple[str, ...]:
    return tuple(names()["fields"][field])


def _name(written: str) -> str:
    return written.strip().lower().replace(" ", "_").replace("-", "_")


def _unwrapped(found: Any) -> Any:
    """What stands in it, where it is one thing in a list or in an object of its own."""
    if isinstance(found, list) and found:
        found = found[0]
    if isinstance(found, Mapping):
        return next(
            (found[name] for name in ("src", "url", "amount", "value") if name in found), ""
        )
    return found if isinstance(found, str | int | Decimal) else ""


def _tags(found: Any) -> tuple[str, ...]:
    """Tags as a list of words or of objects with a name, or as one text with commas between."""
    if isinstance(found, str):
        found = re.split(r"[,，、]", found)
    if not isinstance(found, Iterable) or isinstance(found, Mapping):
        return ()
    written = [one.get("name") if isinstance(one, Mapping) else one for one in found]
    known = dict.fromkeys(plain(one, _LONGEST_TAG) for one in written)
    return tuple(one for one in known if one)[:_MOST_TAGS]


def _available(found: Any) -> bool:
    """Whether a product can be had; where nothing is said, it can."""
    if found is None:
        return True
    gone: list[str] = names()["availability"]["gone"]
    return _name(str(found)) not in gone


def moment(found: Any) -> datetime | None:
    """A moment as ISO 8601 writes it, in UTC where it names no zone; None for anything else."""
    if isinstance(found, str):
        with suppress(ValueError, OverflowError):
            read = datetime.fromisoformat(found.strip())
            return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    return None


def origin(of: str) -> str:
    """The host of an address with its scheme, as addresses on it begin."""
    whole = address("/", of)
    return whole.rstrip("/")
