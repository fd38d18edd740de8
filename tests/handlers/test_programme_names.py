"""What a manager calls a programme and its posts: names, numbers that agree, files unreadable."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from handlers.programme_files import read_shelf, shelf
from storage.database import Database
from tests.handlers.programme_scenes import ON, SALE, shop_with_sale
from tests.handlers.scenes import says
from tests.handlers.shop import MANAGER, Shop

BROKEN = SALE.replace('key = "sale"', 'key = "broken"').replace(
    'kind = "关怀互动"', 'kind = "激活"'
)


@pytest.fixture
async def shop(sqlite: Database, tmp_path: Path) -> Shop:
    """A shop with a small programme of its own."""
    return await shop_with_sale(sqlite, tmp_path / "programmes")


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("双十一", "double11"),
        ("双十二", "double12"),
        ("六一八", "618"),
        ("三八节", "womens-day"),
        ("年货", "new-year-goods"),
    ],
)
def test_a_programme_is_known_by_what_people_call_it(written: str, key: str) -> None:
    found = read_shelf(Path("no such folder")).named(written)
    assert found is not None
    assert found.key == key


def numbers(text: str) -> dict[str, int]:
    """When a post goes out → its number, of the lines of a calendar."""
    found = re.findall(r"^(\d+) · (\d\d-\d\d \d\d:\d\d) ", text, re.MULTILINE)
    return {at: int(number) for number, at in found}


async def test_a_post_has_one_number_in_the_preview_the_calendar_alone_and_after_a_fact(
    shop: Shop,
) -> None:
    before = numbers(await says(shop, "/programme sale"))
    preview = numbers(await says(shop, ON))
    await says(shop, "/confirm")
    standing = numbers(await says(shop, "/programme sale"))
    told = numbers(await says(shop, "/programme on sale 发货日=11-13"))
    await says(shop, "/confirm")
    after = numbers(await says(shop, "/programme sale"))
    assert before == preview == standing
    assert told == after
    assert before.items() < after.items()
    for at, number in after.items():
        alone = await says(shop, f"/programme sale {number}")
        assert alone.startswith(f"{number} · ")
        assert f"\n{at} 发\n" in alone


async def test_the_people_of_a_private_post_are_shown_whole_with_a_way_to_see_them(
    shop: Shop,
) -> None:
    entries = "".join([await says(shop, f"/programme double11 p{page}") for page in (1, 2, 3)])
    number = next(n for n in re.findall(r"(\d+) · 11-23 10:42 私信", entries))
    answer = await shop.says(MANAGER, f"/programme double11 {number}", group=None)
    expression = "joined > 90d and messages >= 1 in 30d and not staff"
    assert f"私信 {expression}" in answer.text
    assert answer.buttons["看是哪些人"] == f"/segment {expression}"
    assert "一共 " in await says(shop, answer.buttons["看是哪些人"])


async def test_the_shops_own_programme_has_a_button_among_the_first(shop: Shop) -> None:
    buttons = (await shop.says(MANAGER, "/programme", group=None)).buttons
    assert next(iter(buttons.values())) == "/programme sale"
    assert "/programme festivals" in buttons.values()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (BROKEN, "任务 hello：kind"),
        (SALE.replace('kind = "day"', 'kind = "date"'), "店里的情况 parcel：kind"),
        (SALE.replace('first = "d-6"', 'first = "soon"'), "阶段 warm：first"),
        ("key = ", "TOML 的写法不对"),
    ],
)
async def test_a_file_that_cannot_be_read_is_told_by_its_place_in_the_chats_language(
    shop: Shop, text: str, place: str
) -> None:
    (shop.desk.shop.programmes / "broken.toml").write_text(text, encoding="utf-8")
    assert f"· broken.toml（{place}）" in await says(shop, "/programme")
    answer = await says(shop, "/programme Broken")
    assert answer == (f"这个方案的文件读不了，怎么改看 nuanqun doctor：\n· broken.toml（{place}）")


async def test_a_broken_file_is_logged_once_for_each_change_of_it(shop: Shop) -> None:
    path = shop.desk.shop.programmes / "broken.toml"
    path.write_text(BROKEN, encoding="utf-8")
    with capture_logs() as logs:
        for _ in range(3):
            await shelf(shop.desk)
        assert [one["file"] for one in logs if one["event"] == "programme_broken"] == [path.name]
        path.write_text(f"{BROKEN}# again", encoding="utf-8")
        for _ in range(3):
            await shelf(shop.desk)
    assert len([one for one in logs if one["event"] == "programme_broken"]) == 2
