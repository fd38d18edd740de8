"""A programme that ran is proposed for its next year: in time, once, with what was said before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from handlers.next_year import propose_next_year
from handlers.programme_facts import Said, facts_written, lasting_facts, read_facts
from scheduler.courier import Post
from scheduler.programme import shipped_programmes
from scheduler.programme_facts import suggested_day
from storage.database import Database
from storage.tables import chores
from tests.handlers.programme_scenes import SALE, shop_with_sale, switched_on
from tests.handlers.scenes import says
from tests.handlers.shop import MANAGER, Shop

LASTING = SALE.replace(
    "[[phase]]",
    """[[fact]]
key = "gone"
kind = "text"
name = { zh = "卖完的" }
once = true

[[fact]]
key = "opens"
kind = "moment"
name = { zh = "开播" }

[[phase]]""",
    1,
)


@pytest.fixture
async def any_shop(database: Database, tmp_path: Path) -> Shop:
    """A shop whose folder holds a small programme of every 12 November; it is 5 November 2026."""
    return await shop_with_sale(database, tmp_path / "programmes", text=LASTING)


@pytest.fixture
async def shop(sqlite: Database, tmp_path: Path) -> Shop:
    """The same on SQLite alone."""
    return await shop_with_sale(sqlite, tmp_path / "programmes", text=LASTING)


def on_the_day(shop: Shop, year: int, month: int, day: int, hour: int = 10) -> None:
    """Let it be this day, at an hour of the shop's clock."""
    shop.clock.advance(
        datetime(year, month, day, hour, tzinfo=UTC) - timedelta(hours=8) - shop.clock.now()
    )


async def proposed(shop: Shop) -> list[Post]:
    """What was said while the bot looked for what comes near."""
    before = len(shop.platform.posts)
    await propose_next_year(shop.desk)
    return shop.platform.posts[before:]


async def test_it_is_proposed_once_with_what_was_said_and_on_again_with_one_press(
    any_shop: Shop,
) -> None:
    shop = any_shop
    await switched_on(shop)
    await says(shop, "/programme facts sale 发货日=11-14 卖完的=面霜 开播=11-11 20:00")
    on_the_day(shop, 2027, 10, 15)
    assert await proposed(shop) == []
    on_the_day(shop, 2027, 10, 16)
    (told,) = await proposed(shop)
    assert told.content.text == (
        "「秋季上新节 2027」快到了（2027-11-06），还没开。照上次的来吗？\n"
        "上次说的，照旧：\n"
        "· 赠品：护手霜小样\n"
        "日子每年不一样，要重新说：发货日、开播\n"
        "照上次的开（先给你看，确认了才算）：\n"
        "/programme on sale 赠品=护手霜小样\n"
        "有变的，改等号后面的再发。"
    )
    on_the_day(shop, 2027, 10, 17)
    assert await proposed(shop) == []
    (on, _) = told.content.buttons
    preview = await shop.presses(MANAGER, on.says)
    assert preview.text.startswith("「秋季上新节 2027」的安排，一共 4 条要发")
    assert "发到 3 个群" in preview.text
    assert "买就送护手霜小样" in preview.text
    assert "「秋季上新节 2027」开好了" in await says(shop, "/confirm")


async def test_another_process_goes_on_where_one_ended_before_it_could_write_that_down(
    any_shop: Shop,
) -> None:
    shop = any_shop
    await switched_on(shop)
    on_the_day(shop, 2027, 10, 20)
    assert len(await proposed(shop)) == 1
    async with shop.desk.database.writing() as connection:
        await connection.execute(delete(chores))
    assert await proposed(shop) == []
    on_the_day(shop, 2027, 10, 25)
    assert await proposed(shop) == []


async def test_nobody_is_woken_and_what_reached_nobody_is_said_at_the_next_look(shop: Shop) -> None:
    await switched_on(shop)
    on_the_day(shop, 2027, 10, 20, hour=23)
    assert await proposed(shop) == []
    on_the_day(shop, 2027, 10, 21)
    senders = dict(shop.desk.senders)
    shop.desk.senders.clear()  # type: ignore[attr-defined]  # a dictionary in this shop
    assert await proposed(shop) == []
    shop.desk.senders.update(senders)  # type: ignore[attr-defined]  # as above
    assert len(await proposed(shop)) == 1


@pytest.mark.parametrize("ends_it", ["/programme off sale", "/programme on sale 赠品=茶"])
async def test_what_was_switched_off_or_is_on_again_is_not_proposed(
    shop: Shop, ends_it: str
) -> None:
    await switched_on(shop)
    on_the_day(shop, 2027, 10, 10)
    await says(shop, ends_it)
    await says(shop, "/confirm")
    on_the_day(shop, 2027, 10, 20)
    assert await proposed(shop) == []


async def test_a_year_that_is_not_over_is_not_proposed_again(shop: Shop) -> None:
    await switched_on(shop)
    on_the_day(shop, 2026, 11, 11)
    assert await proposed(shop) == []


@pytest.mark.parametrize(
    ("day", "first"), [(1, "2026-12-31"), (18, "2027-01-17"), (28, "2027-01-27")]
)
async def test_a_member_day_goes_over_the_new_year_without_a_gap(
    shop: Shop, day: int, first: str
) -> None:
    offer = "会员日的优惠=积分双倍"
    await says(shop, f"/programme on member-day @所有群 每月几号={day} {offer}")
    await says(shop, "/confirm")
    on_the_day(shop, 2026, 12, max(day, 18) + 1)
    told = await proposed(shop)
    if not told:  # the last one of the year is to come, or two weeks are not reached
        on_the_day(shop, 2026, 12, 30)
        told = await proposed(shop)
    assert f"/programme on member-day 每月几号={day} {offer}" in told[0].content.text
    preview = (await shop.presses(MANAGER, told[0].content.buttons[0].says)).text
    assert f"1 · {first[5:]}" in preview
    assert "一共 24 条要发" in preview
    assert "「会员日 2027」开好了" in await says(shop, "/confirm")
    assert "「会员日 2027」开着" in await says(shop, "/programme member-day")


async def test_greetings_go_on_by_themselves(shop: Shop) -> None:
    await says(shop, "/programme on festivals @所有群")
    await says(shop, "/confirm")
    on_the_day(shop, 2027, 12, 20)
    assert await proposed(shop) == []
    assert "「节日问候」开着" in await says(shop, "/programme festivals")


async def test_the_closing_is_proposed_before_the_festival_and_asks_for_its_days(
    shop: Shop,
) -> None:
    on_the_day(shop, 2026, 12, 20)
    said = "年前最后发货日=01-28 年后复工发货日=02-13 假期值班=小周在"
    await says(shop, f"/programme on spring-closing @所有群 {said}")
    await says(shop, "/confirm")
    on_the_day(shop, 2027, 12, 11)  # the festival is on 26 January 2028
    assert await proposed(shop) == []
    on_the_day(shop, 2027, 12, 12)
    (told,) = await proposed(shop)
    assert "「春节打烊与复工 2028」快到了（2028-01-26）" in told.content.text
    assert "要重新说：年前最后发货日、年后复工发货日" in told.content.text
    asked = (await shop.presses(MANAGER, told.content.buttons[0].says)).text
    assert asked.startswith("开「春节打烊与复工」之前还要知道：年前最后发货日")
    facts = {fact.key: fact for fact in shipped_programmes()["spring-closing"].facts}
    days = [suggested_day(facts[key], 2028) for key in ("last_parcel", "back_at_work")]
    last, first = (f"{day.day:%m-%d}" for day in days if day is not None)
    call = f"/programme on spring-closing @所有群 年前最后发货日={last} 年后复工发货日={first}"
    assert call in asked
    assert "例子里的日子按法定放假算，快递可能停得更早，按店里的来。" in asked
    unpublished = any(day.provisional for day in days if day is not None)
    assert ("2028 年的放假通知还没出，这是暂定的。" in asked) == unpublished
    preview = await says(shop, call)
    assert "「春节打烊与复工 2028」的安排" in preview
    assert "：小周在" in await says(shop, "/programme facts spring-closing")


async def test_a_file_that_has_changed_hinders_no_other_programme(
    shop: Shop, tmp_path: Path
) -> None:
    await says(shop, "/programme on double11 @所有群 这次的优惠=满199减30")
    await says(shop, "/confirm")
    await switched_on(shop)
    broken = LASTING.replace('key = "gift"\nkind = "text"', 'key = "gift"\nkind = "number"')
    (tmp_path / "programmes" / "sale.toml").write_text(
        broken.replace("{{ gift }}", "{{ gift }}"), encoding="utf-8"
    )
    on_the_day(shop, 2027, 10, 20)
    (told,) = await proposed(shop)
    assert "双11 2027" in told.content.text
    assert "· 这次的优惠，一句话：满199减30" in told.content.text


async def test_whoever_switches_it_on_by_hand_is_shown_what_was_said_the_last_time(
    shop: Shop,
) -> None:
    await switched_on(shop)
    on_the_day(shop, 2027, 10, 20)
    asked = await says(shop, "/programme on sale")
    assert asked.splitlines()[-1] == "/programme on sale @所有群 赠品=护手霜小样"


async def test_when_nothing_is_left_of_this_year_the_next_is_meant(shop: Shop) -> None:
    on_the_day(shop, 2026, 12, 20)
    preview = await says(shop, "/programme on member-day @所有群 每月几号=18 会员日的优惠=积分双倍")
    assert preview.startswith("「会员日 2027」的安排，一共 24 条要发")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("key", sorted(shipped_programmes()))
async def test_what_is_written_of_a_year_is_read_as_it_was_said(
    sqlite: Database, tmp_path: Path, key: str, language: str
) -> None:
    shop = await shop_with_sale(sqlite, tmp_path / "programmes", language=language)
    programme = shipped_programmes()[key]
    said = {"text": "满300减40，看 https://shop.example/?id=3", "number": 18, "money": "19.90"}
    facts = {fact.key: said[fact.kind.value] for fact in programme.facts if fact.kind.value in said}
    kept = lasting_facts(programme, facts)
    written = facts_written(shop.desk, programme, kept)
    if not kept:
        assert written == ""
        return
    read = read_facts(shop.desk, programme, 2027, written)
    assert isinstance(read, Said), read
    assert read.facts == kept


async def test_what_is_said_of_the_next_year_already_is_neither_overwritten_nor_asked(
    shop: Shop,
) -> None:
    await switched_on(shop)
    await says(shop, "/programme facts sale 发货日=11-14 开播=11-11 20:00")
    on_the_day(shop, 2027, 10, 10)
    await says(shop, "/programme facts sale 赠品=手提袋 开播=2027-11-10 20:00")
    on_the_day(shop, 2027, 10, 20)
    (told,) = await proposed(shop)
    assert "上次说的" not in told.content.text
    assert "要重新说：发货日\n" in told.content.text
    preview = (await shop.presses(MANAGER, told.content.buttons[0].says)).text
    assert "买就送手提袋" in preview
