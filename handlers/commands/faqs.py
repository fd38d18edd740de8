"""The shop's answers to what fans often ask: written here, and given in groups by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from handlers.arguments import Number, PageNumber, Unreadable
from handlers.desk import Asked, Desk, shortened
from handlers.paging import page_of, page_reply
from handlers.registry import command
from handlers.replies import Replies, reply
from handlers.roles import Role
from handlers.wording_check import complaint_about
from insights.questions import read_asking
from scheduler.content import Button
from storage import audit, faqs

_LONGEST_QUESTION = 60  # characters
_LONGEST_ANSWER = 500
_EXAMPLE = "/faq 多久发货 = 下单后 48 小时内发货，节假日顺延"


@dataclass(frozen=True, slots=True)
class QuestionAndAnswer:
    """A question and its answer, with an equals sign between them."""

    label: ClassVar[str] = "问题 = 回答"
    question: str
    answer: str

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """`多久发货 = 48 小时内`; the answer may have several lines, and equals signs."""
        question, equals, answer = rest.replace("＝", "=", 1).partition("=")
        question, answer = " ".join(question.split()), answer.strip()
        if not equals or not question or not answer:
            raise Unreadable("要写成“问题 = 回答”")
        if len(question) > _LONGEST_QUESTION:
            raise Unreadable("问题太长了，最多 60 个字")
        if len(answer) > _LONGEST_ANSWER:
            raise Unreadable("回答太长了，最多 500 个字")
        return cls(question, answer), ""


@command(
    "faq", "问答", Role.MANAGER, "写下常见问题的回答，我在群里替店里答；不写就看现有的", _EXAMPLE
)
async def faq(
    desk: Desk,
    asked: Asked,
    said: QuestionAndAnswer | None = None,
    page: PageNumber | None = None,
) -> Replies:
    """List the questions that are answered, or answer one from now on."""
    if said is not None:
        if (wrong := complaint_about(desk, said.answer)) is not None:
            yield wrong
            return
        text = await _kept(desk, asked, said)
        yield reply(text, private=True)
        return
    async with desk.database.reading() as connection:
        known = await faqs.all_faqs(connection, desk.shop_id)
        times = await faqs.times_given(connection, desk.shop_id)
    part = page_of(known, page)
    lines = [
        desk.say("我会答这 {count} 个问题：", count=len(known)),
        *(
            desk.say(
                "{number}. {question}：{answer}（答过 {times} 次）",
                number=one.id,
                question=one.question,
                answer=shortened(" ".join(one.answer.split())),
                times=times.get(one.id, 0),
            )
            for one in part.rows
        ),
        desk.say("不要哪个，发 /unfaq 加编号。"),
    ]
    empty = desk.say("还没有问答。例如：{example}", example=desk.say(_EXAMPLE))
    yield page_reply(desk, part, lines, opening="/faq", empty=empty, wanted=page)


async def _kept(desk: Desk, asked: Asked, said: QuestionAndAnswer) -> str:
    """Keep an answer, where what is asked can be told from other questions."""
    if not read_asking(said.question, desk.segmenter, desk.lexicon).about:
        return desk.say(
            "「{question}」太笼统，我怕答错。写具体一点，例如：{example}",
            question=said.question,
            example=desk.say(_EXAMPLE),
        )
    async with desk.database.writing() as connection:
        number = await faqs.keep_faq(
            connection, desk.shop_id, said.question, said.answer, asked.actor, asked.at
        )
        entry = audit.Entry(desk.clock.now(), asked.actor, "faq", said.question, {})
        await audit.note(connection, entry)
    return desk.say(
        "记下了（{number}）。以后群里有人问「{question}」，店员没在说话时我就这么答，"
        "同一个群十分钟内只答一次。",
        number=number,
        question=said.question,
    )


@command("unfaq", "删问答", Role.MANAGER, "不再替店里答一个问题", "/unfaq 3", in_menu=False)
async def unfaq(desk: Desk, asked: Asked, number: Number) -> Replies:
    """Answer a question no more."""
    async with desk.database.writing() as connection:
        known = await faqs.all_faqs(connection, desk.shop_id)
        found = next((one for one in known if one.id == number.number), None)
        if found is not None:
            await faqs.drop_faq(connection, desk.shop_id, found.id)
            entry = audit.Entry(desk.clock.now(), asked.actor, "unfaq", found.question, {})
            await audit.note(connection, entry)
    if found is None:
        yield reply(desk.say("没有编号 {number} 的问答。", number=number.number), private=True)
        return
    back = Button(desk.say("恢复"), f"/faq {found.question} = {found.answer}")
    done = desk.say("好的，「{question}」我不答了。", question=found.question)
    yield reply(done, back, private=True)
