"""The formats of product feeds: from the bytes of one page to its products, and nothing else.

Each format ends in rows by names that `rows.py` knows. Reading takes a while for a large feed, so
it is done in a thread. Whatever the bytes are, it ends in a `Reading` or in a `FeedTrouble`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element, ParseError  # types; defusedxml parses

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from handlers.arrivals.plain import names
from handlers.arrivals.rows import Reading, Row, read_rows
from handlers.arrivals.rules import FeedKind
from handlers.arrivals.shop_formats import shopify_row, woocommerce_row
from handlers.arrivals.troubles import FeedTrouble, Trouble, Unread

_SNIFFED = 4_096  # characters of a CSV file that tell what divides it
_DIVIDERS = ",;\t|"
_ITEMS = frozenset({"item", "entry"})
_ENCODINGS = ("utf-8-sig", "gb18030")


def read_wares(kind: FeedKind, body: bytes, base: str, currency: str) -> Reading:
    """The products of one page, or of one push.

    Args:
        kind: what it is written in.
        body: the bytes as they came, decompressed.
        base: the address that they came from.
        currency: of prices without one.

    Raises:
        FeedTrouble: it is not written in that, or no product can be read.
    """
    return read_rows(_READERS[kind](body, base), base, currency)


def _unreadable(what: Unread) -> FeedTrouble:
    return FeedTrouble(Trouble.UNREADABLE, what)


def _document(body: bytes) -> Any:
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=str)
    except (ValueError, ArithmeticError, RecursionError):  # a number may be none that fits
        raise _unreadable(Unread.NO_JSON) from None


def _objects(found: Any) -> list[Mapping[str, Any]]:
    """The objects of a document: a list of them, one list below a usual name, or one alone."""
    if isinstance(found, Mapping):
        below = (found[name] for name in names()["lists"] if isinstance(found.get(name), list))
        found = next(below, [found])
    if not isinstance(found, list):
        raise _unreadable(Unread.NO_LIST)
    return [one for one in found if isinstance(one, Mapping)]


def _json_rows(body: bytes, _: str) -> Sequence[Row]:
    return _objects(_document(body))


def _rows_of(make: Callable[[Mapping[str, Any], str], Row | None]) -> _Reader:
    def read(body: bytes, base: str) -> Sequence[Row | None]:
        return [make(one, base) for one in _objects(_document(body))]

    return read


def _csv_rows(body: bytes, _: str) -> Sequence[Row]:
    text = _text(body)
    first = text.partition("\n")[0][:_SNIFFED]
    divider = max(_DIVIDERS, key=first.count)
    try:
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=divider, strict=True)
        if rows.fieldnames is None or len(rows.fieldnames) < 2:  # noqa: PLR2004 (a title and a price)
            raise _unreadable(Unread.NO_CSV)
        return [{key: one for key, one in row.items() if key is not None} for row in rows]
    except csv.Error:
        raise _unreadable(Unread.NO_CSV) from None


def _text(body: bytes) -> str:
    """Text in UTF-8, or in what Chinese spreadsheets write."""
    for encoding in _ENCODINGS:
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _unreadable(Unread.NO_TEXT)


def _xml_rows(body: bytes, _: str) -> Sequence[Row]:
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except DefusedXmlException:
        raise _unreadable(Unread.DOCUMENT_TYPE) from None
    except (ParseError, ValueError, LookupError):
        raise _unreadable(Unread.NO_XML) from None
    return [_xml_row(one) for one in root.iter() if _local(one) in _ITEMS]


def _local(element: Element) -> str:
    """An element's name without its namespace."""
    return str(element.tag).rpartition("}")[2].lower()


def _xml_row(item: Element) -> Row:
    """An item or entry: plain RSS and Atom elements, and Google's, which go before them."""
    found: dict[str, str] = {}
    for element in _plain_first(item):
        name, text = _local(element), (element.text or "").strip()
        match name:
            case "link" if element.get("href"):
                if element.get("rel", "alternate") == "alternate":
                    found["link"] = element.get("href", "")
            case "enclosure" if element.get("type", "").startswith("image/"):
                found.setdefault("image", element.get("url", ""))
            case "content" if element.get("medium") == "image":
                found.setdefault("image", element.get("url", ""))
            case _ if text:
                found[name] = text
    if "sale_price_effective_date" in found:
        found.pop("sale_price", None)  # it may not be the price now
    key = found.get("item_group_id") or found.get("id") or found.get("guid")
    return {**found, "id": key, "updated_at": found.get("updated")}


def _plain_first(item: Element) -> Iterator[Element]:
    """The parts of an item; what stands in Google's namespace comes last, and so counts."""
    google = [one for one in item if "base.google.com" in str(one.tag)]
    yield from (one for one in item if one not in google)
    yield from google


_Reader = Callable[[bytes, str], Sequence[Row | None]]

_READERS: Mapping[FeedKind, _Reader] = {
    FeedKind.SHOPIFY: _rows_of(shopify_row),
    FeedKind.WOOCOMMERCE: _rows_of(woocommerce_row),
    FeedKind.RSS: _xml_rows,
    FeedKind.JSON: _json_rows,
    FeedKind.CSV: _csv_rows,
}
