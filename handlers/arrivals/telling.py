"""What the staff hear of feeds: that one broke, that it is well again, that it is not believed.

Where only some rows of a feed cannot be understood, these are named, and so are others that come.
Each is told once, however often the feed is looked at meanwhile, and nobody at night. What passes
by itself is told at the third look in a row, what does not at the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from hashlib import sha256

from handlers.arrivals.judging import Held, Hold
from handlers.arrivals.troubles import LASTING, BadRow, FeedTrouble, Flaw, Trouble, Unread
from handlers.desk import Desk, shortened
from handlers.staff import tell_managers
from handlers.wording import Say
from scheduler.content import Button, Content
from storage.product_feeds import Feed, change_feed, feeds
from storage.products import Product, doubted, note_doubts_told

_TOLD_AT = 3  # looks in a row
_LISTED = 6
_AGAIN = timedelta(hours=1)  # a telling that ended before it was noted is not repeated for so long

_TROUBLES: Mapping[Trouble, str] = {
    Trouble.UNREACHABLE: "连不上（{reason}）。看看店铺网站开着没有、地址对不对",
    Trouble.SLOW: "等了 {reason} 秒还没读完。看看店铺网站是不是太慢",
    Trouble.BUSY: "店铺网站说太忙（{reason}）。可以把 every_minutes 调大一些",
    Trouble.STATUS: "店铺网站回的是 {reason}。看看网站开着没有、地址对不对",
    Trouble.DENIED: "店铺网站不让看（{reason}）。看看 user 和 password 对不对",
    Trouble.LARGE: "太大了，一页超过 {reason} MB。请换一个小一点的地址",
    Trouble.MANY: "商品太多（{reason} 件）。请换一个只列新品的地址",
    Trouble.REDIRECTED: "网址跳到了 {reason}，没有跟过去。信得过的话，把它写进 follows",
    Trouble.PRIVATE: "{reason} 指向内部网络，没有去看。请检查地址",
    Trouble.UNREADABLE: "内容看不懂：{reason}。看看 kind 和地址对不对",
    Trouble.ROWS: "有 {reason} 条看不懂，先不用；其余的照常",
}

_UNREAD: Mapping[str, str] = {
    Unread.NO_JSON: "不是 JSON",
    Unread.NO_XML: "不是 RSS 或 Atom",
    Unread.NO_CSV: "不是 CSV 表格",
    Unread.NO_TEXT: "不是文字",
    Unread.NO_LIST: "里面没有商品列表",
    Unread.NO_PRODUCT: "没有一行写清了商品名和价格",
    Unread.DOCUMENT_TYPE: "里面有 DOCTYPE 声明，去掉就能看",
    Unread.PACKED: "压缩的方式不认识",
    Unread.CUT_SHORT: "没有传完",
}

_FLAWS: Mapping[Flaw, str] = {
    Flaw.NO_TITLE: "没有写商品名",
    Flaw.NO_KEY: "编号和链接都没有，认不出是哪件，写上一样就行",
    Flaw.NO_PRICE: "价格“{written}”看不懂，只写数字就行，比如 199",
}

_HOLDS: Mapping[Hold, str] = {
    Hold.MANY_NEW: "一下多出 {count} 件没见过的商品，不像是上新",
    Hold.ANOTHER: "多半商品（{count} 件）都换掉了，像是另一家的目录",
    Hold.EMPTY: "突然空了，原来有 {count} 件",
}


def trouble_words(say: Say, trouble: FeedTrouble) -> str:
    """What is wrong with a feed, and what to do about it."""
    reason = _UNREAD.get(trouble.reason)
    return say(_TROUBLES[trouble.kind], reason=trouble.reason if reason is None else say(reason))


def bad_row_lines(say: Say, trouble: FeedTrouble) -> list[str]:
    """The rows of a feed that cannot be understood, each with what is wrong; a few of many."""
    lines = [_bad_row(say, one) for one in trouble.rows[:_LISTED]]
    more = len(trouble.rows) - _LISTED
    if trouble.kind is Trouble.ROWS:
        more = int(trouble.reason) - len(lines)
    return [*lines, *([say("还有 {count} 条。", count=more)] if more > 0 else [])]


def _bad_row(say: Say, row: BadRow) -> str:
    where = say("第 {row} 条", row=row.row)
    if row.page > 1:
        where = say("第 {page} 页第 {row} 条", page=row.page, row=row.row)
    if row.name:
        where = say("{where}「{name}」", where=where, name=row.name)
    return say("· {where}：{flaw}", where=where, flaw=say(_FLAWS[row.flaw], written=row.written))


def held_words(say: Say, held: Held) -> str:
    """Why a feed is not believed."""
    return say(_HOLDS[held.why], count=held.count)


async def tell_of_feeds(desk: Desk, names: Iterable[str]) -> int:
    """Tell the staff what there is to tell of these feeds, and of prices; how often it was."""
    async with desk.database.reading() as connection:
        rows = await feeds(connection, desk.shop_id)
        prices = [one for one in await doubted(connection, desk.shop_id) if not one.doubt_told]
    told = 0
    for name in names:
        row = rows.get(name)
        if row is not None:
            told += await _tell_trouble(desk, row) + await _tell_held(desk, row)
    return told + await _tell_prices(desk, prices)


async def _tell_trouble(desk: Desk, row: Feed) -> bool:
    say = desk.say
    if row.trouble is None:
        if not row.trouble_told:
            return False
        text = say("货源「{feed}」好了，接着看。", feed=row.name)
        return await _tell(desk, row, Content(text), "well", trouble_told=False)
    trouble = FeedTrouble.from_json(row.trouble)
    if row.trouble_told or not (trouble.kind in LASTING or row.failures >= _TOLD_AT):
        return False
    why, what = trouble_words(say, trouble), f"trouble:{trouble.kind}"
    if trouble.kind is Trouble.ROWS:
        lines = [say("货源「{feed}」{why}：", feed=row.name, why=why), *bad_row_lines(say, trouble)]
        what += f":{_digest(lines)}"
    else:
        sentence = "货源「{feed}」看不了：{why}。没弄好之前，上新播报先停着；好了我说一声。"
        lines = [say(sentence, feed=row.name, why=why), *bad_row_lines(say, trouble)]
    content = Content("\n".join(lines), buttons=_look_again(say, row))
    return await _tell(desk, row, content, what, trouble_told=True)


def _look_again(say: Say, row: Feed) -> tuple[Button, ...]:
    """The button that looks at a feed; there is none where it is only pushed."""
    if row.looked_at is None:
        return ()
    return (Button(say("再看一次"), f"/feeds look {row.name}"),)


def _digest(lines: Iterable[str]) -> str:
    return sha256("\n".join(lines).encode()).hexdigest()[:8]


async def _tell_held(desk: Desk, row: Feed) -> bool:
    if row.held is None or row.held_told:
        return False
    say, held = desk.say, Held.from_json(row.held)
    lines = [
        say("货源「{feed}」先不信：{why}。什么都没有发。", feed=row.name, why=held_words(say, held))
    ]
    if held.sample:
        lines.append(say("比如：{products}", products=desk.listed(map(shortened, held.sample))))
    sentence = (
        "没错的话，发 /feeds accept {feed}：这些都记下，不播报，以后新来的才播报。"
        "错了就改好货源，我会接着看。"
        if row.looked_at is not None
        else "没错的话，发 /feeds accept {feed}：这些都记下，不播报，以后新来的才播报。"
        "错了就别管，改好了再推。"
    )
    lines.append(say(sentence, feed=row.name))
    accept = Button(say("照现在的记下"), f"/feeds accept {row.name}")
    content = Content("\n".join(lines), buttons=(accept, *_look_again(say, row)))
    return await _tell(desk, row, content, f"held:{held.why}", held_told=True)


async def _tell(desk: Desk, row: Feed, content: Content, what: str, **noted: bool) -> bool:
    """Tell the staff, and note that; False where nobody was reached."""
    since = desk.clock.now() - _AGAIN
    key = f"feed:{row.id}:{what}:{row.failures}"
    if not await tell_managers(desk, content, key, once_since=since):
        return False  # the next look tries again
    async with desk.database.writing() as connection:
        await change_feed(connection, row.id, **noted)
    return True


async def _tell_prices(desk: Desk, prices: list[Product]) -> bool:
    if not prices:
        return False
    say = desk.say
    lines = [say("这些价格看着不对，先不用："), *price_lines(desk, prices)]
    sources = sorted({one.source for one in prices})
    lines.append(
        say("没错的话，发 /feeds accept {feed} 照现在的记下；错了就改好货源。", feed=sources[0])
    )
    buttons = tuple(
        Button(say("照现在的记下：{feed}", feed=one), f"/feeds accept {one}") for one in sources
    )
    ids = [one.id for one in prices]
    key = f"prices:{min(ids)}-{max(ids)}:{len(ids)}:{prices[0].doubt}"
    content = Content("\n".join(lines), buttons=buttons)
    if not await tell_managers(desk, content, key, once_since=desk.clock.now() - _AGAIN):
        return False
    async with desk.database.writing() as connection:
        await note_doubts_told(connection, ids)
    return True


def price_lines(desk: Desk, prices: Sequence[Product]) -> list[str]:
    """The products whose newest price is not believed, each with the one before and that one."""
    say = desk.say
    lines = [
        say(
            "· {product}（{feed}）：{before} → {price}",
            product=shortened(one.ware.title),
            feed=one.source,
            before=_before(desk, one),
            price=one.doubt,
        )
        for one in prices[:_LISTED]
    ]
    if len(prices) > _LISTED:
        lines.append(say("还有 {count} 件。", count=len(prices) - _LISTED))
    return lines


def _before(desk: Desk, product: Product) -> str:
    """The price before; of a new product none was believed."""
    ware = product.ware
    text = "" if ware.price is None else f"{ware.price} {ware.currency}"
    return desk.say("新品") if text == product.doubt or not text else text
