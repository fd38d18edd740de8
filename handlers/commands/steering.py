"""What can be done to a campaign that runs: pause it, cancel it, send the failed again, look at it.

The deeds are functions of `handlers.running`; here they are put into words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from handlers import running
from handlers.approvals import waits
from handlers.arguments import Number
from handlers.cancelling import CancelAsked, cancel
from handlers.desk import Asked, Desk
from handlers.reasons import words_for
from handlers.registry import command
from handlers.replies import Replies, Reply, reply
from handlers.roles import Role
from handlers.wording import Say
from scheduler.campaigns import CampaignState
from scheduler.content import Button
from storage.campaigns import StoredCampaign
from storage.deliveries import DeliveryState
from storage.holds import HOLDS
from storage.progress import Progress

_REASONS_SHOWN = 5
_Counted = TypeVar("_Counted")

_STANDS = {
    CampaignState.DRAFT: "等着批准",
    CampaignState.APPROVED: "已批准",
    CampaignState.PAUSED: "暂停中",
    CampaignState.CANCELLED: "已取消",
    CampaignState.FINISHED: "都排好了",
}
_COUNTED = {
    DeliveryState.PLANNED: "待发 {count}",
    DeliveryState.SENDING: "正在发 {count}",
    DeliveryState.SENT: "已发 {count}",
    DeliveryState.FAILED: "失败 {count}",
    DeliveryState.SKIPPED: "跳过 {count}",
    DeliveryState.CANCELLED: "取消 {count}",
    DeliveryState.UNCERTAIN: "存疑 {count}",
}


def no_such(desk: Desk, number: int) -> Reply:
    """The answer to a number that is no campaign's."""
    return reply(
        desk.say("没有编号 {number} 的活动。发 /plan 看编号。", number=number), private=True
    )


@command("pause", "暂停", Role.MANAGER, "暂停一个活动", "/pause 12")
async def pause(desk: Desk, asked: Asked, number: Number) -> Replies:
    """Hold a campaign up; what is under way at a platform still arrives."""
    done = await running.pause(desk, asked.actor, number.number)
    if done is None:
        yield no_such(desk, number.number)
        return
    if done.changed:
        sentence = (
            "「{name}」暂停了，{count} 条待发的先等着{next}，过时不补。恢复就发 /resume {number}。"
        )
    elif done.campaign.state is CampaignState.PAUSED:
        sentence = "「{name}」已经暂停着。恢复就发 /resume {number}。"
    else:
        sentence = "「{name}」已经结束了，没有要暂停的。"
    yield _steered(desk, done, sentence)


def _steered(desk: Desk, done: running.Steered, sentence: str) -> Reply:
    """A campaign in a sentence, with what of it is still to come and when the next of that goes."""
    at = done.ahead.next_at(desk.clock.now())
    text = desk.say(
        sentence,
        name=done.campaign.name,
        number=done.campaign.id,
        count=done.ahead.messages,
        next="" if at is None else desk.say("（下一条 {time}）", time=desk.show_time(at)),
    )
    return reply(text, private=True)


async def resume_one(desk: Desk, asked: Asked, number: int) -> Reply:
    """Let one campaign go on, and say so."""
    done = await running.resume(desk, asked.actor, number)
    if done is None:
        return no_such(desk, number)
    if not done.changed:
        sentence = "「{name}」没有暂停。"
    elif waits(done.campaign):
        sentence = "「{name}」恢复了，不过还等着批准：/approve {number}。"
    else:
        sentence = "「{name}」恢复了，{count} 条待发的接着发{next}，过了时间的不补发。"
    return _steered(desk, done, sentence)


@command("cancel", "取消", Role.MANAGER, "取消一个还没发完的活动", "/cancel 12")
async def cancel_(desk: Desk, asked: Asked, number: Number) -> Replies:
    """Cancel a campaign: nothing more of it is planned or sent. Of several posts it asks first."""
    match await cancel(desk, asked, number.number):
        case None:
            yield no_such(desk, number.number)
        case running.Steered() as done:
            yield cancelled(desk, done)
        case CancelAsked(yes, campaign, ahead):
            yield _cancel_asked(desk, yes, running.Steered(campaign, changed=False, ahead=ahead))


def cancelled(desk: Desk, done: running.Steered) -> Reply:
    """That a campaign is cancelled, and how to take back what of it has left."""
    if not done.changed:
        return _steered(desk, done, "「{name}」已经结束了，没有要取消的。")
    if done.has_sent:
        sentence = (
            "「{name}」已取消，{count} 条待发的不再发。已经发出的，可用 /recall {number} 撤回。"
        )
        return _steered(desk, done, sentence)
    return _steered(desk, done, "「{name}」已取消，{count} 条待发的不再发。")


def _cancel_asked(desk: Desk, yes: int, found: running.Steered) -> Reply:
    """What would be cancelled, the way that can be undone, and the question."""
    say, number = desk.say, found.campaign.id
    asking = "「{name}」还有 {count} 条要发{next}。取消了就都不发，也恢复不了。"
    lines = [
        _steered(desk, found, asking).content.text,
        say("只想先停一停，发 /pause {number}，马上就停，还能恢复。", number=number),
        say("真的取消，10 分钟内发 /confirm {number}；不取消，发 /dismiss。", number=yes),
    ]
    return reply(
        "\n".join(lines),
        Button(say("确认取消"), f"/confirm {yes}"),
        Button(say("先暂停"), f"/pause {number}"),
        Button(say("不取消"), "/dismiss"),
        private=True,
    )


@command("retry", "重发失败", Role.MANAGER, "把一个活动失败的再发一次", "/retry 12")
async def retry(desk: Desk, asked: Asked, number: Number) -> Replies:
    """Send again only what failed, and is still valid."""
    done = await running.retry_failed(desk, asked.actor, number.number)
    if done is None:
        yield no_such(desk, number.number)
        return
    campaign, retried = done
    say, lines = desk.say, []
    if campaign.state is CampaignState.CANCELLED:
        lines.append(say("「{name}」已经取消了，不再发。", name=campaign.name))
    elif retried.again:
        count = retried.again
        lines.append(say("「{name}」失败的 {count} 条再发一次。", name=campaign.name, count=count))
    else:
        lines.append(say("「{name}」没有可以再发的。", name=campaign.name))
    if retried.too_late:
        lines.append(say("失败的里有 {count} 条过了时间，不补发。", count=retried.too_late))
    yield reply("\n".join(lines), private=True)


@command("progress", "进度", Role.MANAGER, "看一个活动发到哪了", "/progress 12")
async def progress_(desk: Desk, asked: Asked, number: Number) -> Replies:  # noqa: ARG001 (every command is given what was asked)
    """How far a campaign has got: counts, what waits and why, and when it will be through."""
    found = await running.how_far(desk, number.number)
    if found is None:
        yield no_such(desk, number.number)
        return
    say, campaign, counts = desk.say, found.campaign, found.progress.counts
    shown = [say(words, count=counts[state]) for state, words in _COUNTED.items() if counts[state]]
    lines = [
        title(desk, campaign),
        *([desk.listed(shown)] if shown else []),
        *_ahead_lines(desk, found.ahead, begun=bool(shown)),
        *waiting_lines(desk, found.progress),
        *_why(desk, "失败：{why}（{count} 条）", found.progress.failed),
        *_why(desk, "跳过：{why}（{count} 条）", found.progress.skipped),
    ]
    if found.end is not None:
        lines.append(say("大约 {time} 发完", time=desk.show_time(found.end)))
    yield reply("\n".join(lines), *_next_steps(say, campaign, found.progress), private=True)


def _ahead_lines(desk: Desk, ahead: Sequence[datetime], *, begun: bool) -> list[str]:
    """What is to come behind what the planner has planned, and when the first of it is."""
    if not ahead:
        return [] if begun else [desk.say("没有要发的。")]
    sentence = (
        "后面还有 {count} 条，下一条 {time}" if begun else "还没开始发：{count} 条，第一条 {time}"
    )
    return [desk.say(sentence, count=len(ahead), time=desk.show_time(ahead[0]))]


def title(desk: Desk, campaign: StoredCampaign) -> str:
    """A campaign by name and number, how it stands, and why."""
    stands = desk.say(_STANDS[campaign.state])
    if campaign.reason:
        why = words_for(desk.say, campaign.reason)
        stands = desk.say("{stands}，{why}", stands=stands, why=why)
    return desk.say(
        "「{name}」（编号 {number}）{stands}",
        name=campaign.name,
        number=campaign.id,
        stands=stands,
    )


def waiting_lines(desk: Desk, found: Progress) -> list[str]:
    """What is put off, for which reason, and when the first of it may go."""
    say = desk.say
    lines = []
    for reason, some in _largest(found.put_off, lambda some: some.count):
        why = words_for(say, reason)
        if reason in HOLDS:  # then no moment is known
            lines.append(say("推迟：{why}（{count} 条）", why=why, count=some.count))
            continue
        time = desk.show_time(some.next_at)
        lines.append(
            say("推迟：{why}（{count} 条，最早 {time}）", why=why, count=some.count, time=time)
        )
    return lines


def _why(desk: Desk, sentence: str, counted: Mapping[str, int]) -> list[str]:
    return [
        desk.say(sentence, why=words_for(desk.say, reason), count=count)
        for reason, count in _largest(counted, lambda count: count)
    ]


def _largest(
    counted: Mapping[str, _Counted], size: Callable[[_Counted], int]
) -> list[tuple[str, _Counted]]:
    """The reasons that hold for most; a list must fit into one message."""
    ordered = sorted(counted.items(), key=lambda item: (-size(item[1]), item[0]))
    return ordered[:_REASONS_SHOWN]


def _next_steps(say: Say, campaign: StoredCampaign, found: Progress) -> list[Button]:
    """What a manager may want to do now."""
    number, steps = campaign.id, []
    if waits(campaign):
        steps.append(Button(say("看内容"), f"/preview {number}"))
    if campaign.state is CampaignState.PAUSED:
        steps.append(Button(say("接着发"), f"/resume {number}"))
    elif found.left:
        steps.append(Button(say("暂停它"), f"/pause {number}"))
    if found.counts[DeliveryState.FAILED]:
        steps.append(Button(say("失败的再发"), f"/retry {number}"))
    if found.counts[DeliveryState.UNCERTAIN]:
        steps.append(Button(say("看存疑的"), f"/uncertain {number}"))
    return steps
