"""What the tests of the form share: a manager who writes to the bot, and looks at their form."""

from __future__ import annotations

from storage import forms
from storage.forms import Form
from tests.handlers.scenes import TONIGHT
from tests.handlers.shop import (
    MANAGER,
    Answers,
    Shop,
)

FIRST = (
    "一步一步来：点按钮、回数字、直接写都行。随时可以说「返回」「先放着」「不做了」。\n"
    "新活动\n想发什么？\n1. 群发一条消息\n2. 活动倒计时\n3. 节日问候\n例如：群发"
)


BROADCAST = ("/campaign", "群发", "@一群", "现在", TONIGHT)


async def writes(shop: Shop, *texts: str, pictures: tuple[str, ...] = ()) -> Answers:
    """The manager writes to the bot in private; what it says to the last."""
    said = Answers()
    for text in texts:
        said = await shop.says(MANAGER, text, group=None, pictures=pictures)
    return said


async def form_of(shop: Shop, name: str = MANAGER) -> Form | None:
    """Somebody's form as it is stored."""
    member = await shop.member(name)
    async with shop.desk.database.reading() as connection:
        return await forms.of_member(connection, member.id)


async def stands_at(shop: Shop) -> str | None:
    """The step at which the manager's form stands."""
    form = await form_of(shop)
    return None if form is None else form.step
