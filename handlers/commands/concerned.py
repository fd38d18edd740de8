"""Who is concerned by a thing, and what a manager can do for them: tag them, or write to them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

from handlers.arguments import Groups, Sure, one_of
from handlers.audiences import chosen_groups
from handlers.concerned import Concerned, find_concerned, others_among, tag_them, written_for
from handlers.desk import Asked, Desk
from handlers.first_words import words_to_fans
from handlers.inquiry import Inquiry, inquire, notes_on
from handlers.insight_arguments import About, PeriodWords, SegmentWord
from handlers.previews import in_one_message
from handlers.proposals import propose
from handlers.proposing import broadcast_proposal
from handlers.quote_text import about_text, quote_lines
from handlers.quoting import masked
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.roles import Role
from scheduler.content import Button, Content

_DEED_WORDS = {"mark": False, "贴标签": False, "draft": True, "起草": True}


@dataclass(frozen=True, slots=True)
class Deed:
    """What is to be done for those concerned: `mark` (贴标签), or `draft` (起草)."""

    label: ClassVar[str] = "贴标签|起草"
    drafts: bool

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """One word, in English or Chinese."""
        drafts, left = one_of(_DEED_WORDS, rest, "要做什么？写 贴标签 或 起草")
        return cls(drafts), left


@command(
    "concerned",
    "谁在意",
    Role.MANAGER,
    "看一件事关系到哪些粉丝，给他们贴标签或起草私信",
    "/concerned 气味 讨厌 7",
)
async def concerned(  # noqa: PLR0917 (the command's arguments, in the order they are written)
    desk: Desk,
    asked: Asked,
    about: About,
    period: PeriodWords | None = None,
    groups: Groups | None = None,
    segment: SegmentWord | None = None,
    deed: Deed | None = None,
    sure: Sure | None = None,
) -> Replies:
    """How many fans a thing concerns, how many can be reached, and some of what they said.

    They are tagged, or written to, only when a manager says so: nothing goes out by itself.
    """
    inquiry = await inquire(desk, asked, period, groups, segment)
    if isinstance(inquiry, Reply):
        yield inquiry
        return
    found = await find_concerned(desk, inquiry, about)
    if not found.messages:
        text = desk.say("这几天没有人说起「{about}」。", about=about_text(desk.say, about))
        yield reply(text, private=True)
    elif deed is None:
        yield await _shown(desk, inquiry, about, found)
    elif found.tag is None:
        yield reply(_private_matter(desk, about), private=True)
    elif sure is None:
        yield _asked_back(desk, inquiry, about, found, found.tag, deed)
    elif deed.drafts:
        yield await _drafted(desk, asked, inquiry, about, found, found.tag)
    else:
        yield await _marked(desk, asked, inquiry, about, found)


async def _shown(desk: Desk, inquiry: Inquiry, about: About, found: Concerned) -> Reply:
    say, reached = desk.say, found.reached
    count = len(found.messages)
    title = say("说起「{about}」的粉丝：{count} 位", about=about_text(say, about), count=count)
    reach = say("私聊能发到 {count} 位", count=reached.fans)
    if reached.unreachable:
        reach += say("，发不到 {count} 位", count=reached.unreachable)
    if reached.opted_out:
        reach += say("，退订了 {count} 位", count=reached.opted_out)
    texts = await masked(desk, found.quotes)
    quotes = quote_lines(desk, found.quotes, texts, {}, names=False)
    lines = [title, reach, *await notes_on(desk, inquiry), *quotes]
    if found.tag is None:
        return reply(in_one_message(desk, lines, [_private_matter(desk, about)]), private=True)
    call = f"/concerned {about.written} {inquiry.written}"
    return reply(
        in_one_message(desk, lines, []),
        Button(say("给他们贴「{tag}」", tag=found.tag), f"{call} mark"),
        Button(say("贴标签并起草私信"), f"{call} draft"),
        private=True,
    )


def _private_matter(desk: Desk, about: About) -> str:
    return desk.say(
        "「{about}」关系到健康、孕产或孩子，不会给谁贴这样的标签。",
        about=about_text(desk.say, about),
    )


def _asked_back(  # noqa: PLR0917 (what was asked, and what came of it)
    desk: Desk, inquiry: Inquiry, about: About, found: Concerned, tag: str, deed: Deed
) -> Reply:
    say = desk.say
    text = say(
        "给这 {count} 位粉丝贴上「{tag}」？{days} 天后自己会掉。",
        count=len(found.messages),
        tag=tag,
        days=desk.shop.interest_for.days,
    )
    call = f"/concerned {about.written} {inquiry.written}"
    if deed.drafts:
        return reply(text, Button(say("贴上，起草私信"), f"{call} draft sure"), private=True)
    return reply(text, Button(say("贴上"), f"{call} mark sure"), private=True)


async def _marked(
    desk: Desk, asked: Asked, inquiry: Inquiry, about: About, found: Concerned
) -> Reply:
    if found.tag is None:
        raise ValueError(about)
    count = await tag_them(desk, asked, found, found.tag)
    text = desk.say(
        "好的，{count} 位粉丝现在带着「{tag}」。要私下发给他们，写：{example}",
        count=count,
        tag=found.tag,
        example=f"/broadcast {written_for(desk, inquiry, found.tag)}",
    )
    draft = f"/concerned {about.written} {inquiry.written} draft sure"
    return reply(text, Button(desk.say("起草私信"), draft), private=True)


async def _drafted(  # noqa: PLR0917 (what was asked, and what came of it)
    desk: Desk, asked: Asked, inquiry: Inquiry, about: About, found: Concerned, tag: str
) -> Reply:
    """Tag them, and preview a first message to them, which a manager edits and confirms.

    Who was tagged so before is written to as well, and the manager is told how many these are.
    """
    await tag_them(desk, asked, found, tag)
    groups, _ = Groups.read(written_for(desk, inquiry, tag))
    chosen = await chosen_groups(desk, asked, groups, people=True)
    if isinstance(chosen, Reply):
        return chosen
    words = words_to_fans(desk.say, about)
    proposal = broadcast_proposal(desk, asked, chosen, Content(words))
    if isinstance(proposal, Reply):
        return proposal
    preview = await propose(desk, asked, chosen, proposal)
    lines = [""]
    if others := await others_among(desk, chosen, found):
        lines.append(
            desk.say(
                "名单里还有 {others} 位是以前就带着「{tag}」的，不在这次的 {count} 位里。",
                others=others,
                tag=tag,
                count=len(found.messages),
            )
        )
    rewrite = f"/broadcast {chosen.written}\n{words}"
    lines.append(desk.say("想换个说法，就写：{example}", example=rewrite))
    text = in_one_message(desk, [preview.content.text], lines)
    return replace(preview, content=replace(preview.content, text=text))
