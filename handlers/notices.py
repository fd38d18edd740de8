"""What staff are told by itself: accounts that rest, campaigns that stopped, approvals missing.

The floor below puts notices on the board without waiting; one task takes them off, finds the words
and tells every manager in private. A notice that reaches nobody is in the log.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

import structlog
from prometheus_client import Counter

from handlers.account_states import in_trouble
from handlers.approvals import approval_buttons, waits, what_waits
from handlers.desk import Desk
from handlers.reasons import words_for
from handlers.staff import tell_managers
from handlers.wording_check import hit_lines
from scheduler.content import Button, Content
from scheduler.notices import (
    AccountBack,
    AccountNotOpened,
    AccountPaused,
    ApprovalMissing,
    CampaignPaused,
    CouponsGone,
    Notice,
    WordingHeld,
)
from storage import campaigns
from storage.accounts import states
from storage.campaigns import StoredCampaign
from storage.failures import may_pass

_log = structlog.get_logger(__name__)

_NOTICES = Counter("nuanqun_notices_total", "Notices to staff by what became of them", ["outcome"])
_MOST = 1_000


class Notices:
    """The board. The senders and the planner `tell` it; `run` takes the notices to the managers."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[Notice] = asyncio.Queue(_MOST)
        self._next: Notice | None = None

    def tell(self, notice: Notice) -> None:
        """Put a notice up; where the board is full, it only goes to the log."""
        try:
            self._waiting.put_nowait(notice)
        except asyncio.QueueFull:
            _NOTICES.labels("dropped").inc()
            _log.error("notice_dropped", notice=repr(notice))

    @property
    def empty(self) -> bool:
        """Whether every notice has been taken to the managers."""
        return self._waiting.empty() and self._next is None

    async def run(self, desk: Desk) -> None:
        """Take every notice to the managers, until cancelled.

        May be called again after it has failed: the notice that it failed with comes first.
        """
        try:
            while True:
                self._next = self._next or await self._waiting.get()
                try:
                    await deliver(desk, self._next)
                except Exception as fault:
                    if may_pass(fault):
                        raise
                    # Told again it would fail again, and with it everything behind it.
                    _NOTICES.labels("failed").inc()
                    _log.exception("notice_failed", notice=repr(self._next))
                self._next = None
        finally:
            if not self.empty:
                left = self._waiting.qsize() + (self._next is not None)
                _log.warning("notices_left", count=left)


@dataclass(frozen=True, slots=True)
class _Told:
    """What is said of a notice: under a key, and only once since a moment where one is given."""

    content: Content
    key: str
    once_since: datetime | None = None


async def deliver(desk: Desk, notice: Notice) -> None:
    """Tell every manager of a notice; nobody of one that has lost its meaning meanwhile."""
    found = await _what_is_told(desk, notice)
    if found is None:
        _NOTICES.labels("settled").inc()
        return
    told = await tell_managers(desk, found.content, found.key, once_since=found.once_since)
    _NOTICES.labels("told" if told else "unheard").inc()
    if not told:
        _log.error("notice_unheard", notice=repr(notice))


async def _what_is_told(desk: Desk, notice: Notice) -> _Told | None:
    if isinstance(notice, WordingHeld | CouponsGone):
        return await _of_held_messages(desk, notice)
    content = await _words(desk, notice)
    if content is None:
        return None
    moment = desk.clock.now().timestamp()
    return _Told(content, f"notice:{type(notice).__name__}/{moment:.3f}")


async def _of_held_messages(desk: Desk, notice: WordingHeld | CouponsGone) -> _Told | None:
    """What is told once, whichever accounts were to say it."""
    async with desk.database.reading() as connection:
        campaign = await campaigns.by_id(connection, notice.campaign_id)
    if campaign is None:
        return None
    if isinstance(notice, WordingHeld):
        text, key = _of_wording(desk, campaign, notice), f"wording:{campaign.version_id}"
    else:
        text = _of_coupons(desk, campaign, notice)
        key = f"coupons:{campaign.id}/{notice.codes}/{notice.batch}"
    return _Told(Content(text), key, campaign.submitted_at)


def _of_wording(desk: Desk, campaign: StoredCampaign, notice: WordingHeld) -> str:
    """What a campaign may not say."""
    say = desk.say
    lines = [
        say("「{name}」（编号 {number}）没发出去：", name=campaign.name, number=campaign.id),
        *hit_lines(desk, notice.hits),
        say(
            "改内容：/edit {number} 新的内容；核对过没问题：/override campaign {number}。"
            "拦下的这一条不补发。",
            number=campaign.id,
        ),
    ]
    return "\n".join(lines)


def _of_coupons(desk: Desk, campaign: StoredCampaign, notice: CouponsGone) -> str:
    """That a campaign gives coupons that are not there any more."""
    return desk.say(
        "「{name}」（编号 {number}）要带的券「{batch}」发完了，或者过期了，"
        "没领到券的人就没有发。看一眼：/coupon {batch}；补上券码以后，后面的照常发，"
        "已经略过的不补发。",
        name=campaign.name,
        number=campaign.id,
        batch=notice.batch,
    )


async def _words(
    desk: Desk,
    notice: AccountPaused | AccountBack | AccountNotOpened | CampaignPaused | ApprovalMissing,
) -> Content | None:
    say = desk.say
    match notice:
        case AccountPaused(account, reason, until):
            async with desk.database.reading() as connection:
                known = await states(connection, [account])
            if any(in_trouble(one) for one in known.values()):
                return None  # that is told by itself, with what is to be done
            return Content(
                say(
                    "账号 {account} 暂时发不出去：{why}。先歇到 {time} 再试；"
                    "这期间的都等着，过了时间的不补发。",
                    account=account,
                    why=words_for(say, reason),
                    time=desk.show_time(until),
                )
            )
        case AccountBack(account):
            return Content(say("账号 {account} 恢复了，接着发。", account=account))
        case AccountNotOpened(account, reason):
            return Content(
                say(
                    "账号 {account} 还连不上，我会一直重试，连上了再说一声。原因：{why}",
                    account=account,
                    why=words_for(say, reason),
                )
            )
        case CampaignPaused(campaign_id, reason):
            return await _stopped(desk, campaign_id, reason)
        case ApprovalMissing(campaign_id, name, at):
            return await _missing(desk, campaign_id, name, desk.show_time(at))


async def _stopped(desk: Desk, campaign_id: int, reason: str) -> Content | None:
    say = desk.say
    async with desk.database.reading() as connection:
        campaign = await campaigns.by_id(connection, campaign_id)
    if campaign is None:
        return None
    text = say(
        "「{name}」（编号 {number}）先停下了：{why}。看情况发 /progress {number}；"
        "没问题了发 /resume {number}，不发了发 /cancel {number}。",
        name=campaign.name,
        number=campaign_id,
        why=words_for(say, reason),
    )
    return Content(
        text,
        buttons=(
            Button(say("看进度"), f"/progress {campaign_id}"),
            Button(say("接着发"), f"/resume {campaign_id}"),
            Button(say("取消它"), f"/cancel {campaign_id}"),
        ),
    )


async def _missing(desk: Desk, campaign_id: int, name: str, time: str) -> Content | None:
    async with desk.database.reading() as connection:
        campaign = await campaigns.by_id(connection, campaign_id)
        if campaign is None or not waits(campaign):
            return None
        opening = desk.say(
            "「{name}」（编号 {number}）{time} 就要发了，还没有人批准。",
            name=name,
            number=campaign_id,
            time=time,
        )
        text = await what_waits(desk, connection, campaign, opening)
    return Content(text, buttons=approval_buttons(desk, campaign))
