"""The shop's answers are kept by their questions, and what was answered is known of each group."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import faqs, messages
from storage.faqs import Faq, FaqAnswer
from storage.moving import Whereabouts, move_group
from tests.storage.builders import ACCOUNT, MINUTE, NOW, group, heard, member, record, shop


async def kept(
    connection: AsyncConnection, question: str = "多久发货", answer: str = "48小时内"
) -> int:
    return await faqs.keep_faq(
        connection, await shop(connection), question, answer, "room:boss", NOW
    )


async def test_a_question_has_one_answer_the_last(connection: AsyncConnection) -> None:
    first = await kept(connection)
    assert await kept(connection, answer="24小时内") == first
    second = await kept(connection, "包邮吗", "满99包邮")
    shop_id = await shop(connection)
    assert await faqs.all_faqs(connection, shop_id) == [
        Faq(first, "多久发货", "24小时内"),
        Faq(second, "包邮吗", "满99包邮"),
    ]
    assert await faqs.drop_faq(connection, shop_id, first)
    assert not await faqs.drop_faq(connection, shop_id, first)
    assert [one.id for one in await faqs.all_faqs(connection, shop_id)] == [second]


async def test_an_answer_is_noted_once_for_a_message_and_counted(
    connection: AsyncConnection,
) -> None:
    here, faq = await group(connection, "一群"), await kept(connection)
    (said,) = await record(connection, heard(text="多久发货呀"))
    assert said.id is not None
    answer = FaqAnswer(said.id, faq, here.id, NOW)
    assert await faqs.note_given(connection, [answer]) == {said.id}
    assert await faqs.note_given(connection, [answer]) == set()
    assert await faqs.given_since(connection, [here.id], NOW) == {(here.id, faq): NOW}
    assert await faqs.given_since(connection, [here.id], NOW + MINUTE) == {}
    assert await faqs.times_given(connection, await shop(connection)) == {faq: 1}


async def test_it_is_known_where_the_staff_are_talking(connection: AsyncConnection) -> None:
    groups = {name: (await group(connection, name)).id for name in ("一群", "二群", "三群")}
    await member(connection, "阿玲", staff=True)
    await record(
        connection,
        heard("m1", sender="小鱼"),
        heard("m2", chat="chat-二群", sender="阿玲", kind=messages.STAFF),
        heard("m3", chat="chat-三群", sender="我们", kind=messages.BOT, at=NOW + MINUTE),
    )
    every = list(groups.values())
    talking = {groups["二群"], groups["三群"]}
    assert await faqs.staff_spoke_in(connection, every, NOW) == talking
    assert await faqs.staff_spoke_in(connection, every, NOW + MINUTE) == {groups["三群"]}


async def test_what_was_answered_follows_a_group_that_moves(connection: AsyncConnection) -> None:
    here, faq = await group(connection, "一群"), await kept(connection)
    (said,) = await record(connection, heard("m1", chat="chat-新"))
    assert said.group is not None
    assert said.id is not None
    await faqs.note_given(connection, [FaqAnswer(said.id, faq, said.group.id, NOW)])
    before, after = (
        Whereabouts("chat-一群", "group:chat-一群"),
        Whereabouts("chat-新", "group:chat-新"),
    )
    assert await move_group(connection, ACCOUNT, before, after, NOW) == here.id
    assert await faqs.given_since(connection, [here.id], NOW) == {(here.id, faq): NOW}
