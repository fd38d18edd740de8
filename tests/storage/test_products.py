"""Products are known by source and key for ever."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database
from storage.migrations import apply
from storage.products import (
    BY_HAND,
    ProductState,
    Ware,
    accept_held,
    add_products,
    count_new_since,
    doubted,
    drop_held,
    held_count,
    known_links,
    known_prices,
    note_announced,
    note_by_hand,
    note_doubts,
    note_doubts_told,
    note_missing,
    product_by_id,
    product_counts,
    products_of,
    update_products,
    waiting,
)
from tests.storage.builders import HOUR, NOW, campaign, shop

CREAM = Ware(
    key="1",
    title="面霜",
    price=Decimal("199.00"),
    currency="CNY",
    link="https://shop.example/cream",
    picture="https://shop.example/cream.png",
    category="护肤",
    tags=("保湿", "敏感肌"),
    changed_at=NOW,
)
SERUM = Ware(key="2", title="精华", price=None, currency="CNY")


async def test_a_product_comes_back_as_it_was_written(connection: AsyncConnection) -> None:
    shop_id = await shop(connection)
    ids = await add_products(
        connection,
        shop_id,
        "web",
        [(CREAM, ProductState.NEW), (SERUM, ProductState.KNOWN)],
        NOW,
    )
    found = await products_of(connection, shop_id, "web")
    assert {key: one.ware for key, one in found.items()} == {"1": CREAM, "2": SERUM}
    assert str(found["1"].ware.price) == "199.00"
    assert await products_of(connection, shop_id, "web", ["2", "3"]) == {"2": found["2"]}
    assert await product_by_id(connection, shop_id, ids["1"]) == found["1"]
    assert await product_by_id(connection, shop_id, 0) is None
    assert await product_counts(connection, shop_id) == {"web": 2}


async def test_what_is_known_is_not_made_twice_and_another_source_is_another_product(
    connection: AsyncConnection,
) -> None:
    shop_id = await shop(connection)
    new = [(CREAM, ProductState.NEW)]
    assert len(await add_products(connection, shop_id, "web", new, NOW)) == 1
    assert await add_products(connection, shop_id, "web", new, NOW + HOUR) == {}
    assert len(await add_products(connection, shop_id, BY_HAND, new, NOW)) == 1
    links = [CREAM.link, "", "https://shop.example/other"]
    assert await known_links(connection, shop_id, links) == {CREAM.link}


async def test_a_product_changes_and_stays_what_it_is(connection: AsyncConnection) -> None:
    shop_id = await shop(connection)
    ids = await add_products(
        connection, shop_id, "web", [(CREAM, ProductState.NEW), (SERUM, ProductState.NEW)], NOW
    )
    cheaper = replace(CREAM, title="新面霜", price=Decimal("149.5"), available=False, varies=True)
    priced = replace(SERUM, price=Decimal(99), tags=("修护",))
    await update_products(connection, {ids["1"]: cheaper, ids["2"]: priced})
    found = await products_of(connection, shop_id, "web")
    assert [found["1"].ware, found["2"].ware] == [cheaper, priced]
    assert found["1"].first_seen_at == NOW
    prices = await known_prices(connection, shop_id)
    assert prices == {"精华": frozenset({(Decimal(99), "CNY")})}  # the other's varies


async def test_a_product_waits_until_a_campaign_announces_it(connection: AsyncConnection) -> None:
    shop_id = await shop(connection)
    third = replace(SERUM, key="3")
    ids = await add_products(
        connection,
        shop_id,
        "web",
        [(CREAM, ProductState.NEW), (SERUM, ProductState.NEW), (third, ProductState.KNOWN)],
        NOW,
    )
    assert [one.ware.key for one in await waiting(connection, shop_id)] == ["1", "2"]
    await note_by_hand(connection, ids["1"], "arrivals:0")
    assert len(await waiting(connection, shop_id)) == 2  # it was only looked at
    await campaign(connection, "arrivals:0")
    assert [one.ware.key for one in await waiting(connection, shop_id)] == ["2"]
    await note_announced(connection, [ids["1"]], "arrivals:1")
    await note_announced(connection, [ids["2"]], None)
    assert await waiting(connection, shop_id) == []
    found = await products_of(connection, shop_id, "web")
    assert (found["1"].state, found["1"].campaign) == (ProductState.ANNOUNCED, "arrivals:1")
    assert (found["2"].state, found["2"].campaign) == (ProductState.KNOWN, None)
    assert await count_new_since(connection, shop_id, "web", NOW - HOUR) == 1
    assert await count_new_since(connection, shop_id, "web", NOW) == 1
    assert await count_new_since(connection, shop_id, "web", NOW + HOUR) == 0


async def test_a_doubt_stays_until_the_price_is_believed(connection: AsyncConnection) -> None:
    shop_id = await shop(connection)
    ids = await add_products(connection, shop_id, "web", [(CREAM, ProductState.KNOWN)], NOW)
    await note_doubts(connection, {ids["1"]: "1.99 CNY"})
    (found,) = await doubted(connection, shop_id)
    assert (found.doubt, found.doubt_told, found.ware) == ("1.99 CNY", False, CREAM)
    await note_doubts_told(connection, [found.id])
    assert [one.doubt_told for one in await doubted(connection, shop_id)] == [True]
    await note_doubts(connection, {ids["1"]: "0.99 CNY"})
    assert [one.doubt_told for one in await doubted(connection, shop_id)] == [False]
    await update_products(connection, {ids["1"]: CREAM})
    assert await doubted(connection, shop_id) == []


async def test_what_a_product_cost_when_it_could_be_had_last_is_known(
    connection: AsyncConnection,
) -> None:
    shop_id = await shop(connection)
    other = replace(CREAM, key="2", link="")
    ids = await add_products(
        connection, shop_id, "web", [(CREAM, ProductState.KNOWN), (other, ProductState.NEW)], NOW
    )
    gone = replace(CREAM, available=False, price=Decimal(159))
    await update_products(connection, {ids["1"]: gone})
    await update_products(connection, {ids["1"]: replace(gone, price=Decimal(149))})
    await note_missing(connection, [ids["2"]])
    found = await products_of(connection, shop_id, "web")
    assert (found["1"].ware.price, found["1"].seen_price) == (Decimal(149), Decimal("199.00"))
    assert (found["2"].ware.available, found["2"].seen_price) == (False, Decimal("199.00"))
    await update_products(connection, {ids["1"]: replace(gone, available=True)})
    found = await products_of(connection, shop_id, "web")
    assert (found["1"].last_price, found["1"].seen_price) == (None, Decimal(159))


async def test_what_is_held_is_not_known_until_it_is_accepted(connection: AsyncConnection) -> None:
    shop_id = await shop(connection)
    held = [(CREAM, ProductState.HELD), (SERUM, ProductState.HELD)]
    ids = await add_products(connection, shop_id, "web", held, NOW)
    assert await held_count(connection, shop_id, "web") == 2
    assert await product_by_id(connection, shop_id, ids["1"]) is None
    assert await product_counts(connection, shop_id) == {}
    assert await known_links(connection, shop_id, [CREAM.link]) == set()
    assert await count_new_since(connection, shop_id, "web", NOW - HOUR) == 0
    dearer = replace(CREAM, price=Decimal(259))
    again = await add_products(connection, shop_id, "web", [(dearer, ProductState.NEW)], NOW)
    assert list(again) == ["1"]  # it comes in the place of what was held of it
    await accept_held(connection, shop_id, "web")
    found = await products_of(connection, shop_id, "web")
    assert {key: one.state for key, one in found.items()} == {
        "1": ProductState.NEW,
        "2": ProductState.KNOWN,
    }
    await add_products(
        connection, shop_id, "web", [(replace(SERUM, key="3"), ProductState.HELD)], NOW
    )
    await drop_held(connection, shop_id, "web")
    assert await held_count(connection, shop_id, "web") == 0


def _to_0012(connection: Connection) -> None:
    configuration = apply.configuration()
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, "0012")


async def test_products_of_an_earlier_release_stay_as_they_were(empty_url: str) -> None:
    earlier = Database(empty_url)
    async with earlier.writing() as connection:
        await connection.run_sync(_to_0012)
        shop_id = await shop(connection)
        moment = f"{NOW:%Y-%m-%d %H:%M:%S.%f}" if earlier.is_sqlite else NOW
        await connection.execute(
            text(
                "INSERT INTO products (shop_id, source, key, title, price, varies, currency, link,"
                " picture, category, tags, available, state, first_seen_at, dropped_at) VALUES"
                " (:shop, 'web', '1', '面霜', '199.00', false, 'CNY', '', '', '', '[]', false,"
                " 'announced', :at, :at)"
            ),
            {"shop": shop_id, "at": moment},
        )
    await earlier.close()
    database = await Database.open(empty_url)
    try:
        async with database.reading() as connection:
            found = (await products_of(connection, shop_id, "web"))["1"]
        assert (found.seen_price, found.state) == (Decimal("199.00"), ProductState.ANNOUNCED)
    finally:
        await database.close()
