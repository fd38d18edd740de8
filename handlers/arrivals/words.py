"""What is said of new products: a post about one, a list of many, and a word to old customers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from handlers.wording import Say
from scheduler.content import Button, Content, Picture
from storage.products import Product, Ware

_LISTED = 12  # products in one list
_NAME = 20  # characters of a title in a campaign's name
_SIGNS = {"CNY": "¥"}


def price_shown(say: Say, ware: Ware) -> str:
    """A price as people read it: `¥199`, `19.90 USD`, `¥199 起`; empty where there is none."""
    if ware.price is None:
        return ""
    shown = amount_shown(ware.price, ware.currency)
    return say("{price} 起", price=shown) if ware.varies else shown


def amount_shown(price: Decimal, currency: str) -> str:
    """The same of a number: `¥199` or `19.90 USD`."""
    whole = price == price.to_integral_value()
    number = f"{price:.0f}" if whole else f"{price:.2f}"
    sign = _SIGNS.get(currency)
    return f"{number} {currency}" if sign is None else f"{sign}{number}"


def name_of(say: Say, products: Sequence[Product]) -> str:
    """What the campaign that announces them is called."""
    first = products[0].ware.title[:_NAME]
    if len(products) == 1:
        return say("上新：{product}", product=first)
    return say("上新：{product} 等 {count} 款", product=first, count=len(products))


def announcement(say: Say, products: Sequence[Product]) -> Content:
    """The post about one new product, or about several."""
    if len(products) > 1:
        return _digest(say, products)
    (product,) = products
    ware = product.ware
    lines = [say("上新啦：{product}", product=ware.title)]
    lines += [line for line in (price_shown(say, ware), ware.link) if line]
    return Content(
        "\n".join(lines),
        pictures=(Picture(ware.picture),) if ware.picture else (),
        buttons=(Button(say("降价了叫我"), f"/pricedrop {product.id}"),)
        if ware.price is not None
        else (),
    )


def _digest(say: Say, products: Sequence[Product]) -> Content:
    lines = [say("这次上新了 {count} 款：", count=len(products))]
    for one in products[:_LISTED]:
        lines.append(" ".join(("·", one.ware.title, price_shown(say, one.ware))).rstrip())
        lines += [one.ware.link] if one.ware.link else []
    left = len(products) - _LISTED
    if left > 0:
        lines.append(say("还有 {count} 款，店里都能看到。", count=left))
    first = next((one.ware.picture for one in products if one.ware.picture), "")
    return Content("\n".join(lines), pictures=(Picture(first),) if first else ())


def early_word(
    say: Say, products: Sequence[Product], early: timedelta, words: str
) -> tuple[Content, dict[str, str]]:
    """What old customers hear before the groups: a template, and what fills it in.

    `words` are the shop's own part of the template. What its feed writes is filled in, so that no
    brace in that is read as ours.
    """
    text = say(
        "{fan}，{product} 刚到店，先给老朋友看一眼，{hours} 小时以后再告诉大家。",
        fan="{{ fan }}",
        product="{{ product }}",
        hours="{{ hours }}",
    )
    variables = {
        "product": products[0].ware.title,
        "hours": f"{early / timedelta(hours=1):g}",
    }
    if len(products) > 1:
        variables["product"] = say(
            "{product} 等 {count} 款", product=products[0].ware.title, count=len(products)
        )
    text += f"\n{words}" if words else ""
    shown = []
    for one in products[:_LISTED]:
        shown += [price_shown(say, one.ware) if len(products) == 1 else "", one.ware.link]
    for place, line in enumerate(line for line in shown if line):
        variables[f"line{place}"] = line
        text += f"\n{{{{ line{place} }}}}"
    picture = products[0].ware.picture
    return Content(text, pictures=(Picture(picture),) if picture else ()), variables
