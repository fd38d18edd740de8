"""The command that lets words pass which the wording rules hold back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from handlers.approvals import approval_buttons
from handlers.arguments import Number, Unreadable, token
from handlers.campaign_wording import LetPass, override_campaign, override_shown
from handlers.desk import Asked, Desk
from handlers.registry import command
from handlers.replies import Replies, reply
from handlers.roles import Role
from scheduler.content import Button

_CAMPAIGN_WORDS = frozenset({"campaign", "活动"})


@dataclass(frozen=True, slots=True)
class Held:
    """What is held back: a preview by its number, or `campaign 12`, a campaign by its own."""

    label: ClassVar[str] = "编号"
    number: int
    is_campaign: bool

    @classmethod
    def read(cls, rest: str) -> tuple[Self, str]:
        """A number, with the word for a campaign before it where one is meant."""
        word, left = token(rest)
        if word.lower() in _CAMPAIGN_WORDS:
            number, left = Number.read(left)
            return cls(number.number, is_campaign=True), left
        try:
            number, left = Number.read(rest)
        except Unreadable:
            raise Unreadable(
                "要放行哪一个？预览写编号，例如 /override 12；活动写 /override campaign 12"
            ) from None
        return cls(number.number, is_campaign=False), left


@command(
    "override", "放行", Role.MANAGER, "措辞核对过没问题，让它发出去（会记下来）", "/override 12"
)
async def override(desk: Desk, asked: Asked, held: Held) -> Replies:
    """Let a preview's or a campaign's words pass as they are; it is in the audit log."""
    say, number = desk.say, held.number
    act = override_campaign if held.is_campaign else override_shown
    match await act(desk, asked, number):
        case LetPass(hits, None):
            yield reply(
                say(
                    "记下了：{words} 由你核对放行。现在发 /confirm {number} 确认。",
                    words=desk.listed(hit.words for hit in hits),
                    number=number,
                ),
                Button(say("确认发送"), f"/confirm {number}"),
                Button(say("不发了"), "/dismiss"),
                private=True,
            )
        case LetPass(hits, campaign) if campaign is not None:
            yield reply(
                say(
                    "记下了：{words} 由你核对放行。这是新的一版，还要批准一次才发。",
                    words=desk.listed(hit.words for hit in hits),
                ),
                *approval_buttons(desk, campaign),
                private=True,
            )
        case _:
            yield reply(
                say("编号 {number} 没有因为措辞被拦下的内容。", number=number), private=True
            )
