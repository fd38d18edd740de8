"""What fans say to the bot alone that is no command: the shop's answer, or how to find the shop.

A question that the shop has an answer to is answered, as in groups (`faq_answers.py`), and each
time. To anything else the bot says once a day what it is and where people are to be found: nobody
should wait for an answer that never comes. It stays silent where something else is going on: to a
reply, to the number of an offer, and for two days after the shop wrote to that fan, who may be
answering.

What is said is stored like a welcome: it is said once, soon, or not at all. Of whoever wants no
record nothing is stored that shows what they asked, so they hear the second alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.desk import Desk
from handlers.events import MessageKind
from handlers.fans_only import staffs_own
from handlers.recording import Batch
from handlers.roles import Role, role_of
from scheduler.content import Content
from scheduler.courier import Address
from storage.attempts import keys_under
from storage.due import addressed_customers
from storage.faqs import Faq, all_faqs
from storage.invites import sits_in
from storage.messages import Recorded
from storage.shops import halted_at
from storage.welcomes import NewWelcome, keep_welcomes

MAY_ANSWER_FOR = timedelta(days=2)
"""So long what a fan says may be an answer to what the shop wrote to them."""

_A_DAY = timedelta(days=1)
_ONE_WORD = re.compile(r"\W*(\w+)\W*")


async def answer_private_words(
    connection: AsyncConnection, desk: Desk, batch: Batch, found: Mapping[str, Faq]
) -> None:
    """Store what is to be said to fans who speak to the bot alone.

    `found` are the questions that were found in what was said, by message.
    """
    said = [one for one in batch.said if _is_a_fans(desk, one)]
    if not said or await halted_at(connection, desk.shop_id) is not None:
        return
    staff = await staffs_own(connection, desk.shop)
    said = [one for one in said if one.member.customer_id not in staff]
    standing = {faq.id: faq for faq in await all_faqs(connection, desk.shop_id)}
    answers: list[NewWelcome] = []
    left: list[Recorded] = []
    for one in said:
        faq = found.get(one.heard.message)
        if faq is None or faq.id not in standing or one.member.no_record:
            left.append(one)
        else:
            key = f"faq:{batch.account}/{one.heard.message}"
            answers.append(_to_say(one, key, standing[faq.id].answer))
    answered = {one.address for one in answers}
    left = [one for one in left if str(_alone_with(one)) not in answered]
    hints = await _hints(connection, desk, batch.account, left)
    await keep_welcomes(connection, batch.account, [*answers, *hints])


def _is_a_fans(desk: Desk, one: Recorded) -> bool:
    return (
        one.heard.kind == MessageKind.FAN
        and one.group is None
        and one.heard.reply_to is None
        and role_of(one.member, desk.shop) is Role.FAN
    )


async def _hints(
    connection: AsyncConnection, desk: Desk, account: str, said: Sequence[Recorded]
) -> list[NewWelcome]:
    """Who the bot is and where people are, for those who were not told today."""
    first: dict[str, Recorded] = {}
    for one in said:
        if not _is_a_number(one.heard.text):
            key = f"alone:{account}/{one.heard.day}/{one.member.person}"
            first.setdefault(key, one)
    if not first:
        return []
    since = min(one.heard.at for one in first.values())
    told = await keys_under(connection, f"alone:{account}", since - _A_DAY)
    customers = {one.member.customer_id for one in first.values()}
    written_to = await addressed_customers(connection, customers, since - MAY_ANSWER_FOR)
    return [
        _to_say(one, key, await _hint(connection, desk, account, one))
        for key, one in first.items()
        if key not in told and one.member.customer_id not in written_to
    ]


def _is_a_number(text: str) -> bool:
    only = _ONE_WORD.fullmatch(text)
    return only is not None and only[1].isnumeric()


async def _hint(connection: AsyncConnection, desk: Desk, account: str, one: Recorded) -> str:
    say, shop = desk.say, desk.shop.name
    match await sits_in(connection, account, one.member.id):
        case []:
            return say("我是{shop}的群助手，只懂几样事，发 /help 就能看到。", shop=shop)
        case [only]:
            return say(
                "我是{shop}的群助手，只懂几样事，发 /help 就能看到。"
                "想找店里的人，到「{group}」里说一声就好。",
                shop=shop,
                group=only.name,
            )
        case _:
            return say(
                "我是{shop}的群助手，只懂几样事，发 /help 就能看到。"
                "想找店里的人，到群里说一声就好。",
                shop=shop,
            )


def _to_say(one: Recorded, key: str, text: str) -> NewWelcome:
    return NewWelcome(key, str(_alone_with(one)), Content(text).to_json(), one.heard.at)


def _alone_with(one: Recorded) -> Address:
    return Address(person=one.member.person)
