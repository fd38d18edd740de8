"""New products: announced by hand, the feeds they come from, and who waits for a lower price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.arguments import Groups, Number
from handlers.arrivals.announcing import audience_of
from handlers.arrivals.arguments import FeedDeed, FeedName, ProductNumber, TypedWare
from handlers.arrivals.by_hand import announces_part, typed_product, ware_of
from handlers.arrivals.cheaper import wait_for
from handlers.arrivals.fitting import fitting_groups
from handlers.arrivals.judging import Held, price_meant
from handlers.arrivals.rules import FeedRules
from handlers.arrivals.taking import feed_row
from handlers.arrivals.telling import (
    bad_row_lines,
    held_words,
    price_lines,
    tell_of_feeds,
    trouble_words,
)
from handlers.arrivals.troubles import FeedTrouble, Trouble
from handlers.arrivals.watching import look_now
from handlers.arrivals.words import announcement, name_of, price_shown
from handlers.audiences import Chosen, chosen_groups
from handlers.desk import Asked, Desk, shortened
from handlers.previews import in_one_message
from handlers.proposals import proposal_for
from handlers.proposing import offered
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.roles import Role
from scheduler.bodies import literal_body
from scheduler.campaigns import CampaignState
from scheduler.content import Button, Picture
from scheduler.priorities import Priority
from scheduler.ware_check import wares_part
from storage import audit, campaigns
from storage.campaigns import StoredCampaign
from storage.product_feeds import Feed, change_feed, feeds
from storage.products import (
    BY_HAND,
    Product,
    ProductState,
    Ware,
    accept_held,
    doubted,
    held_count,
    note_announced,
    product_by_id,
    product_counts,
    update_products,
    waiting,
)

_VALID_FOR = timedelta(hours=2)
_EXAMPLE = "/arrive @护肤群 面霜加量装 199 https://shop.example/p/1"


@command("arrive", "上新", Role.MANAGER, "播报一件新品（先预览再确认）", _EXAMPLE)
async def arrive(
    desk: Desk,
    asked: Asked,
    groups: Groups | None = None,
    known: ProductNumber | None = None,
    typed: TypedWare | None = None,
) -> Replies:
    """Preview a post about a product, typed or known; to the groups it fits where none is named."""
    if known is None and typed is None:
        text = desk.say("写上商品名、价格和链接，例如：{example}", example=desk.say(_EXAMPLE))
        yield reply(text, private=True)
        return
    product = await _product(desk, asked, known, typed)
    if isinstance(product, Reply):
        yield product
        return
    chosen = await _chosen(desk, asked, groups, product)
    if isinstance(chosen, Reply):
        yield chosen
        return
    if typed is not None:
        product = replace(product, ware=ware_of(typed))
    content = announcement(desk.say, [product])
    if asked.pictures:
        content = replace(content, pictures=tuple(Picture(one) for one in asked.pictures))
    # What a feed tells of is compared with it again; what is typed, or still to come, is nowhere.
    compared = product.source != BY_HAND and product.ware.available
    proposal = proposal_for(
        asked,
        chosen,
        programme="arrivals",
        name=name_of(desk.say, [product]),
        body=literal_body(content)
        | announces_part(product, typed)
        | (wares_part([product]) if compared else {}),
        valid_for=_VALID_FOR,
        priority=Priority.POST,
    )
    yield await offered(desk, asked, chosen, proposal)


async def _product(
    desk: Desk, asked: Asked, known: ProductNumber | None, typed: TypedWare | None
) -> Product | Reply:
    """The product that is meant, as it is stored; or why it cannot be announced."""
    async with desk.database.writing() as connection:
        found = None
        if known is not None:
            found = await product_by_id(connection, desk.shop_id, known.number)
        elif typed is not None:
            found = await typed_product(connection, desk.shop_id, typed, asked.at)
        before = None
        if found is not None and found.campaign is not None:
            before = await campaigns.by_key(connection, found.campaign)
    if found is None:
        number = 0 if known is None else known.number
        text = desk.say("没有编号 #{number} 的商品。发 /feeds 看等着播报的。", number=number)
        return reply(text, private=True)
    if before is not None and _is_announced(before):
        text = desk.say(
            "「{product}」已经播报过了（编号 {number}）。想再说一次，用 /broadcast。",
            product=found.ware.title,
            number=before.id,
        )
        return reply(text, private=True)
    return found


def _is_announced(campaign: StoredCampaign) -> bool:
    """Whether a campaign has said what it was made for, or may yet."""
    if campaign.state is CampaignState.FINISHED:
        return campaign.approved_version is not None
    return campaign.state is not CampaignState.CANCELLED


async def _chosen(
    desk: Desk, asked: Asked, groups: Groups | None, product: Product
) -> Chosen | Reply:
    """The groups that were named, else those the product fits."""
    if groups is not None:
        return await chosen_groups(desk, asked, groups)
    fitting = await fitting_groups(desk, [product.ware])
    if not fitting.groups:
        return reply(desk.say("我还不在任何群里，没有地方播报。"), private=True)
    audience = audience_of(fitting)
    return Chosen(audience.written, audience, fitting.groups)


@command("feeds", "货源", Role.MANAGER, "看商品从哪里来、看得怎么样", "/feeds look web")
async def feeds_(
    desk: Desk, asked: Asked, deed: FeedDeed | None = None, name: FeedName | None = None
) -> Replies:
    """Every feed with how it stands, and the products that wait; look at one now, or accept it."""
    rules = desk.shop.arrivals.feeds
    if not rules:
        text = desk.say("还没有接商品货源：在配置里写 [feeds.名字]。手动播报一件，发 /arrive。")
        yield reply(text, private=True)
        return
    if name is not None and name.name not in rules:
        sentence = "没有叫「{feed}」的货源。现有：{names}"
        text = desk.say(sentence, feed=shortened(name.name), names=desk.listed(rules))
        yield reply(text, private=True)
        return
    meant = list(rules.values()) if name is None else [rules[name.name]]
    if deed is None:
        yield await _listed(desk, meant)
        return
    if len(meant) > 1:
        names = desk.listed(rules)
        yield reply(desk.say("是哪个货源？现有：{names}", names=names), private=True)
        return
    (feed,) = meant
    taken = await _accept(desk, asked, feed) if deed.accepts else 0
    row = await look_now(desk, feed) if feed.url else await feed_row(desk, feed)
    await tell_of_feeds(desk, [feed.name])
    async with desk.database.reading() as connection:
        counts = await product_counts(connection, desk.shop_id)
        doubts = await doubted(connection, desk.shop_id)
    lines = _lines(desk, feed, row, counts.get(feed.name, 0), doubts)
    if deed.accepts and not row.failures:
        lines.append(desk.say("· 照现在的样子记下了，不播报；以后新来的才播报"))
    if taken:
        lines.append(desk.say("· 其中 {count} 件是推过来先没信的", count=taken))
    yield reply("\n".join(lines), private=True)


async def _accept(desk: Desk, asked: Asked, feed: FeedRules) -> int:
    """Take a feed as it is: nothing that is there now is announced; how much of it was held.

    A feed that has an address is read again, as for the first time.
    """
    now = desk.clock.now()
    row = await feed_row(desk, feed)
    async with desk.database.writing() as connection:
        doubts = [one for one in await doubted(connection, desk.shop_id) if one.source == feed.name]
        new = [one.id for one in doubts if one.state is ProductState.NEW]
        await note_announced(connection, new, None)
        await update_products(connection, {one.id: _as_doubted(one) for one in doubts})
        taken = await held_count(connection, desk.shop_id, feed.name)
        await accept_held(connection, desk.shop_id, feed.name)
        await change_feed(
            connection,
            row.id,
            baseline_at=None if feed.url else now,
            pages=[],
            held=None,
            held_told=False,
        )
        entry = audit.Entry(now, asked.actor, "accept_feed", feed.name, {"held": row.held})
        await audit.note(connection, entry)
    return taken


def _as_doubted(product: Product) -> Ware:
    """A product at the price that was not believed."""
    price, currency = price_meant(product.doubt or "")
    return replace(product.ware, price=price, currency=currency)


async def _listed(desk: Desk, rules: Sequence[FeedRules]) -> Reply:
    say = desk.say
    async with desk.database.reading() as connection:
        rows = await feeds(connection, desk.shop_id)
        counts = await product_counts(connection, desk.shop_id)
        every = await waiting(connection, desk.shop_id)
        doubts = await doubted(connection, desk.shop_id)
    names = {feed.name for feed in rules}
    to_come = [one for one in every if one.source in names]
    lines = [
        line
        for feed in rules
        for line in _lines(desk, feed, rows.get(feed.name), counts.get(feed.name, 0), doubts)
    ]
    if to_come:
        lines.append(say("等着播报：{count} 件", count=len(to_come)))
    lines += [
        " ".join((f"· #{one.id}", one.ware.title, _why(desk, one))).rstrip() for one in to_come
    ]
    buttons = [
        Button(say("看一次：{feed}", feed=one.name), f"/feeds look {one.name}")
        for one in rules
        if one.url
    ]
    return reply(in_one_message(desk, lines, []), *buttons, private=True)


def _why(desk: Desk, product: Product) -> str:
    """Why a product waits, where something holds it up; else its price."""
    if product.doubt is not None:
        return desk.say("（价格存疑：{price}）", price=product.doubt)
    if not product.ware.available:
        return desk.say("（还没有货）")
    return price_shown(desk.say, product.ware)


def _lines(
    desk: Desk, feed: FeedRules, row: Feed | None, count: int, doubts: Sequence[Product]
) -> list[str]:
    """How a feed stands; which prices of what fans know are not believed, of all these doubts."""
    say = desk.say
    lines = [say("「{feed}」{count} 件商品", feed=feed.name, count=count)]
    if not feed.url:
        lines.append(say("· 不去看，只收店铺推过来的"))
    elif row is None or row.looked_at is None:
        lines.append(say("· 还没有看过"))
    else:
        lines.append(
            say(
                "· 上次看 {time}，下次 {next}",
                time=desk.show_time(row.looked_at),
                next=desk.show_time(row.next_look_at),
            )
        )
    if row is not None and row.trouble is not None:
        trouble = FeedTrouble.from_json(row.trouble)
        why = trouble_words(say, trouble)
        lines.append(
            f"· {why}" if trouble.kind is Trouble.ROWS else say("· 看不了：{why}", why=why)
        )
        lines += bad_row_lines(say, trouble)
    if row is not None and row.held is not None:
        lines.append(say("· 先不信：{why}", why=held_words(say, Held.from_json(row.held))))
    known = [one for one in doubts if one.source == feed.name and one.state is not ProductState.NEW]
    if known:
        lines.append(say("· 价格存疑，先不用；没错就发 /feeds accept {feed}", feed=feed.name))
        lines += price_lines(desk, known)
    return lines


async def _is_public(connection: AsyncConnection, product: Product) -> bool:
    """Whether fans may know of a product: it was there before, or its announcement was approved."""
    made = None
    if product.campaign is not None:
        made = await campaigns.by_key(connection, product.campaign)
    if made is None:
        return product.source != BY_HAND and product.state is not ProductState.NEW
    return made.approved_version is not None


@command("pricedrop", "降价提醒", Role.FAN, "一件商品降价了私下告诉我", "/pricedrop 12")
async def pricedrop(desk: Desk, asked: Asked, number: Number) -> Replies:
    """Tell this person in private when a product costs less."""
    say, member = desk.say, asked.member
    async with desk.database.writing() as connection:
        product = await product_by_id(connection, desk.shop_id, number.number)
        if product is not None and not await _is_public(connection, product):
            product = None  # nobody hears of what is still to come
        waits = product is not None and not (member.no_record or member.opted_out)
        if product is not None and waits:
            await wait_for(connection, desk, asked, product)
    if product is None:
        yield reply(say("没有这件商品。"), private=True)
    elif member.no_record:
        yield reply(say("你说过不要记录，所以这个我记不住。想恢复就发 /record。"), private=True)
    elif member.opted_out:
        yield reply(say("你退订了营销消息，降价了也不会发给你。想恢复就发 /optin。"), private=True)
    else:
        yield reply(
            say("好的，「{product}」降价了我私下告诉你。", product=product.ware.title),
            private=True,
            quiet=True,
            instead=say("好的，记下了。先和我私聊一句，降价了才找得到你。"),
        )
