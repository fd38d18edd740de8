"""Products that fans name together, in plain words, and a post about them that is approved."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handlers.commands.bundles import DraftOf
from insights.bundles import Bundle
from tests.handlers.scenes import made, staff_chat
from tests.handlers.shop import MANAGER, Answers, Shop, in_group


async def talk(shop: Shop) -> None:
    """Many name a lipstick and a foundation together, and others other things."""
    for number in range(12):
        await shop.says(f"粉丝{number}", "口红和粉底液都想再买")
    for number in range(40):
        await shop.says(f"别人{number}", "面膜什么时候发货")


async def asked(shop: Shop, text: str = "/bundles 7") -> Answers:
    """What the manager is answered."""
    return await shop.says(MANAGER, text, group=None)


async def test_what_is_named_together_is_told_in_plain_words_with_a_button_each(
    shop: Shop,
) -> None:
    await talk(shop)
    answer = await asked(shop)
    assert answer.text.splitlines()[0] == "粉丝常一起说起的商品："
    (line,) = answer.text.splitlines()[1:]
    assert line in {
        f"· 说到{one}的 12 位里，12 位也说到{other}（100%），是一般粉丝的 4.3 倍；一起说到的占 23%"
        for one, other in (("口红", "粉底液"), ("粉底液", "口红"))
    }
    assert set(answer.buttons.values()) == {"/bundles 2026-10-30..2026-11-05 draft 口红+粉底液"}


async def test_a_draft_asks_for_groups_and_is_previewed_and_posted_after_a_yes(
    shop: Shop,
) -> None:
    await talk(shop)
    (draft,) = (await asked(shop)).buttons.values()
    asking = await shop.presses(MANAGER, draft)
    assert "选哪些群？" in asking.text
    assert await made(shop) == []
    preview = await shop.presses(MANAGER, asking.buttons["一群"])
    assert "发到 1 个群：一群" in preview.text
    assert not await shop.delivers()
    await shop.presses(MANAGER, preview.buttons["确认发送"])
    (post,) = await shop.delivers()
    assert post.address == in_group("一群")
    assert "口红" in post.content.text
    assert "粉底液" in post.content.text
    assert "{" not in post.content.text


async def test_with_groups_named_or_in_a_staff_chat_the_draft_is_previewed_at_once(
    shop: Shop,
) -> None:
    await talk(shop)
    preview = await asked(shop, "/bundles 7 @一群 起草 粉底液＋口红")
    assert "发到 1 个群：一群" in preview.text
    await staff_chat(shop)
    preview = await shop.says(MANAGER, "/bundles 7 draft 粉底液+口红", group="店员群")
    assert "发到 2 个群" in preview.text


@pytest.mark.parametrize(
    ("products", "written"),
    [
        (("口红", "粉底液"), "粉底液 ＋ 口红"),
        (("SK+II", "面霜"), "SK+II+面霜"),
        (("Olay+", "面霜"), "面霜+Olay+"),
    ],
)
def test_a_bundle_is_named_also_where_a_product_has_a_plus(
    products: tuple[str, str], written: str
) -> None:
    draft, _ = DraftOf.read(f"draft {written}")
    meant = Bundle(products[:1], products[1], 3, 0.1, 0.9, 3.0, 0.01)
    assert draft.means(meant)
    assert not draft.means(replace(meant, adds="精华"))


async def test_what_is_no_bundle_is_not_drafted(shop: Shop) -> None:
    assert (await asked(shop)).text.startswith("这几天还看不出哪些商品")
    await talk(shop)
    answer = await asked(shop, "/bundles 7 draft 面膜+口红")
    assert answer.text == "这几样现在不算常被一起说起。发 /bundles 看哪些是。"
