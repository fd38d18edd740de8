"""A long list is leafed through, each page in place of the one before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.arguments import PageNumber
from handlers.paging import page_of, page_read, slice_of
from storage import audit
from tests.handlers.scenes import broadcast, second_manager
from tests.handlers.shop import MANAGER, MINUTE, Shop


@given(st.lists(st.integers(), max_size=70), st.integers(1, 20))
def test_the_pages_of_a_list_are_the_list(rows: list[int], size: int) -> None:
    found: list[int] = []
    number, more = 0, True
    while more:
        number += 1
        page = page_of(rows, PageNumber(number), size)
        assert page.number == number
        assert len(page.rows) <= size
        found += page.rows
        more = page.more
    assert found == rows
    assert page_of(rows, PageNumber(number + 1), size).rows == []
    assert page_of(rows, None, size).only == (len(rows) <= size)


@given(st.integers(0, 50), st.integers(1, 5), st.integers(1, 20))
def test_a_page_that_is_read_by_its_slice_is_that_page(count: int, number: int, size: int) -> None:
    rows, wanted = list(range(count)), PageNumber(number)
    part = slice_of(wanted, size)
    assert page_read(rows[part.skip :][: part.most], wanted, size) == page_of(rows, wanted, size)


async def many_tags(shop: Shop) -> None:
    """Fans with 45 tags, and one tag that 60 fans carry."""
    for number in range(60):
        await shop.says(f"粉丝{number:02}", "早")
    await shop.says(MANAGER, "/watch 口红 = 爱口红")
    for number in range(60):
        await shop.says(f"粉丝{number:02}", "口红好看")
    for number in range(45):
        await shop.says(MANAGER, f"/tag @粉丝00 标签{number:02}")


async def many_changes(shop: Shop) -> None:
    """45 changes in the log."""
    async with shop.desk.database.writing() as connection:
        for number in range(45):
            entry = audit.Entry(shop.clock.now(), "room:id", "watch", f"词{number}", {"tag": "t"})
            await audit.note(connection, entry)


async def much_that_waits(shop: Shop) -> None:
    """45 posts that wait for the other manager."""
    await shop.says(MANAGER, "早")
    await second_manager(shop)
    for number in range(45):
        shop.clock.advance(MINUTE)
        await broadcast(shop, f"第{number}条")


@pytest.mark.parametrize(
    ("prepare", "command", "rows"),
    [
        (many_tags, "/tags", [20, 20, 6]),
        (many_changes, "/audit", [20, 20, 5]),
        (much_that_waits, "/waiting", [20, 20, 5]),
    ],
)
async def test_a_long_list_has_pages_with_buttons_between_them(
    shop: Shop, prepare: Callable[[Shop], Awaitable[None]], command: str, rows: list[int]
) -> None:
    await prepare(shop)
    first = (await shop.says(MANAGER, command, group=None))[0].content
    seen, pages = [], [first.text]
    says = {button.label: button.says for button in first.buttons}
    assert "上一页" not in says
    while "下一页" in says:
        assert await shop.presses(MANAGER, says["下一页"], on="m9") == []
        page = shop.platform.edits[-1].content
        pages.append(page.text)
        before, says = says, {button.label: button.says for button in page.buttons}
        assert says["上一页"] == f"{command} p{len(pages) - 1}"
        assert before["下一页"] == f"{command} p{len(pages)}"
    for number, text in enumerate(pages, start=1):
        assert text.endswith(f"第 {number} 页")
        lines = [line for line in text.splitlines() if line.startswith("· ") or " 人" in line]
        seen.append(len(lines))
    assert seen == rows
    assert len({line for text in pages for line in text.splitlines()}) >= sum(rows)


async def test_names_with_one_tag_are_leafed_through_too(shop: Shop) -> None:
    await many_tags(shop)
    first = await shop.says(MANAGER, "/members 爱口红")
    assert first.text.startswith("「爱口红」60 人：粉丝00、")
    assert first.buttons == {"下一页": "/members 爱口红 p2"}
    second = await shop.says(MANAGER, "/members 爱口红 第2页")
    assert second.text.startswith("「爱口红」60 人：粉丝50、")
    assert second.buttons == {"上一页": "/members 爱口红 p1"}


async def test_behind_the_end_of_a_list_there_is_nothing_more(shop: Shop) -> None:
    await many_changes(shop)
    answer = await shop.says(MANAGER, "/audit p9")
    assert answer.text == "后面没有了。\n第 9 页"
    assert answer.buttons == {"回第一页": "/audit p1"}


@pytest.mark.parametrize("text", ["/audit p0", "/audit 第页", "/audit 2", "/audit p2 好"])
async def test_what_is_no_page_gets_an_example(shop: Shop, text: str) -> None:
    assert "可以这样写：/audit" in (await shop.says(MANAGER, text)).text
