"""The commands that say yes or no: to one's own preview, and to what another manager wrote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from handlers.approval_arguments import Pending
from handlers.approvals import (
    Another,
    Approved,
    NotWaiting,
    OneselfOnly,
    Rejected,
    TrialTooLate,
    all_waiting,
    approval_buttons,
    approve,
    call_of,
    reject,
    what_waits,
)
from handlers.arguments import Number, PageNumber
from handlers.campaign_wording import Unfit
from handlers.cancelling import CANCEL
from handlers.commands.posts import recalled
from handlers.commands.sending import BROADCAST_EXAMPLE
from handlers.commands.steering import cancelled
from handlers.confirming import (
    Confirmed,
    Expired,
    GroupsChanged,
    NothingAsked,
    Overtaken,
    Submitted,
    SwitchedOn,
    confirm,
    dismiss,
)
from handlers.desk import Asked, Desk
from handlers.lateness import held_lines
from handlers.moved_posts import is_of_many
from handlers.paging import page_of, page_reply
from handlers.programme_approvals import (
    ProgrammeApproved,
    ProgrammeRejected,
    Waiting,
    approve_programme,
    programme_buttons,
    reject_programme,
    what_waits_of,
)
from handlers.recalling import RECALL, Recalled, RecallWanted
from handlers.registry import command
from handlers.replacing import Covered
from handlers.replies import Replies, Reply, reply
from handlers.roles import Role
from handlers.running import Steered
from handlers.staff import name_of
from handlers.wording_check import hit_lines
from scheduler.content import Button
from scheduler.wording_rules import Hit
from storage.campaigns import StoredCampaign

_BUTTONS = 5  # campaigns that get buttons of their own


@command("confirm", "确认", Role.MANAGER, "确认刚才预览的内容", "/confirm 12")
async def confirm_(desk: Desk, asked: Asked, number: Number | None = None) -> Replies:
    """Approve what was previewed, or submit it where there are other managers."""
    done = await confirm(desk, asked, number.number if number is not None else None)
    yield _done(desk, done)


def _done(desk: Desk, done: Confirmed) -> Reply:
    """What came of a yes."""
    match done:
        case Approved():
            return _confirmed(desk, done)
        case Submitted(campaign, told):
            return _submitted(desk, campaign, told)
        case SwitchedOn():
            return _switched_on(desk, done)
        case Recalled() | RecallWanted() | Steered():
            return _stopped(desk, done)
        case _:
            return _not_done(desk, done)


def _stopped(desk: Desk, done: Recalled | RecallWanted | Steered) -> Reply:
    """What was taken back or cancelled, or waits for another manager to agree to that."""
    match done:
        case Recalled():
            return recalled(desk, done)
        case RecallWanted(campaign, told):
            return _recall_wanted(desk, campaign, told)
        case Steered():
            return cancelled(desk, done)


def _not_done(
    desk: Desk, why: NothingAsked | Expired | GroupsChanged | Overtaken | Covered | Unfit
) -> Reply:
    """Why nothing came of a yes, and how to go on."""
    say = desk.say
    match why:
        case Unfit(shown, hits):
            return _unfit(desk, hits, f"/override {shown}")
        case Covered(programme):
            return _covered(desk, programme)
        case Expired():
            text = say("已经过了 10 分钟，这次不算。还需要的话，请再发一次命令。")
        case GroupsChanged():
            text = say("预览之后群有变化，没有发。请再发一次命令，看过新的预览再确认。")
        case Overtaken():
            text = say("预览之后别人改过或停了它，这次没有改。发 /plan 看看现在的安排。")
        case _:
            example = say(BROADCAST_EXAMPLE)
            text = say("没有等着确认的内容。先预览，例如：{example}", example=example)
    return reply(text, private=True)


def _confirmed(desk: Desk, done: Approved) -> Reply:
    """That what was previewed may go out; of one post of many, where the others are seen."""
    say, campaign = desk.say, done.campaign
    if not is_of_many(campaign):
        return _approved(
            desk,
            done,
            "好的，「{name}」已确认{note}，编号 {number}。"
            "看安排，发 /plan；不想发了，发 /cancel {number}。",
        )
    sentence = "好的，「{name}」改好了。看每一条：/programme {key}"
    lines = [say(sentence, name=campaign.name, key=campaign.programme)]
    return reply("\n".join([*lines, *held_lines(desk, done.held)]), private=True)


def _approved(desk: Desk, done: Approved, sentence: str) -> Reply:
    """That a campaign may go out, and what will hold it up."""
    say, campaign = desk.say, done.campaign
    note = say("（代替了先前的 {count} 个）", count=done.replaced) if done.replaced else ""
    lines = [say(sentence, name=campaign.name, note=note, number=campaign.id)]
    if done.too_late:
        lines.append(say("不过它的时间已经过了，没有可发的了。"))
    return reply("\n".join([*lines, *held_lines(desk, done.held)]), private=True)


def _unfit(desk: Desk, hits: Collection[Hit], call: str) -> Reply:
    """That the wording rules hold it back, and how a manager lets it pass."""
    say = desk.say
    lines = [
        say("先没有发，措辞要改一下："),
        *hit_lines(desk, hits),
        say("改好再发一次；核对过没问题，就发 {call}，会记下是你放行的。", call=call),
    ]
    return reply("\n".join(lines), Button(say("没问题，放行"), call), private=True)


def _covered(desk: Desk, programme: str) -> Reply:
    """That a programme which is on holds the countdown already."""
    sentence = "没有发：今年的方案已经开着，倒计时也在里面：/programme {key}"
    return reply(desk.say(sentence, key=programme), private=True)


def _submitted(desk: Desk, campaign: StoredCampaign, told: tuple[str, ...] | None) -> Reply:
    """That a campaign waits for another manager, and who knows of it."""
    say, number = desk.say, campaign.id
    lines = [
        say(
            "「{name}」已提交，编号 {number}。另一位管理员批准后才会发。",
            name=campaign.name,
            number=number,
        ),
        *_who_knows(desk, told, f"/approve {number}"),
    ]
    return reply("\n".join(lines), private=True)


def _who_knows(desk: Desk, told: tuple[str, ...] | None, call: str) -> list[str]:
    """Which other managers were asked to say `call`; nothing where they were before."""
    if told is None:
        return []
    if told:
        return [desk.say("已经告诉：{names}", names=desk.listed(told))]
    return [desk.say("我没能私下联系上别的管理员，请你告诉他们发 {call}。", call=call)]


def _recall_wanted(desk: Desk, campaign: StoredCampaign, told: tuple[str, ...] | None) -> Reply:
    """That another manager has to agree to a recall, and who knows of it."""
    sentence = "记下了，另一位管理员也同意，才撤回「{name}」。"
    lines = [desk.say(sentence, name=campaign.name)]
    lines += _who_knows(desk, told, f"/recall {campaign.id}")
    return reply("\n".join(lines), private=True)


def _switched_on(desk: Desk, on: SwitchedOn) -> Reply:
    """That a programme is on, what of it waits for another manager, and what holds it up."""
    say = desk.say
    replaced = sum(one.replaced for one in on.approved)
    if on.waiting:
        done = "好的，「{name}」的更新提交了。" if on.was_on else "好的，「{name}」提交了。"
    else:
        done = "好的，「{name}」更新好了。" if on.was_on else "好的，「{name}」开好了。"
    lines = [say(done, name=on.title) + say("看每一条，发 /plan 或 /programme。")]
    if replaced:
        lines.append(say("（代替了先前的 {count} 个）", count=replaced))
    if on.undrawn:
        lines.append(say("有 {count} 张图没画成，那几条只发文字。", count=on.undrawn))
    if on.waiting:
        numbers = desk.listed(str(one.id) for one in on.waiting)
        lines.append(say("等另一位管理员批准后才会发：编号 {numbers}。", numbers=numbers))
        lines += _who_knows(desk, on.told, f"/approve {on.call}")
    for one in on.approved[:1]:
        lines += held_lines(desk, one.held)
    return reply("\n".join(lines), private=True)


@command("dismiss", "不发了", Role.MANAGER, "放弃刚才预览的内容", "/dismiss")
async def dismiss_(desk: Desk, asked: Asked) -> Replies:
    """Forget the preview."""
    done = await dismiss(desk, asked)
    if done is None:
        sentence = "没有等着确认的内容。"
    else:
        sentence = "好的，那就不动它。" if done.kind in (RECALL, CANCEL) else "好的，不发了。"
    yield reply(desk.say(sentence), private=True)


@command("approve", "批准", Role.MANAGER, "批准别的管理员提交的内容", "/approve 12")
async def approve_(
    desk: Desk, asked: Asked, number: Pending | None = None, version: Number | None = None
) -> Replies:
    """Let what was submitted go out. The second number names the version of an edited campaign.

    `programme` and a name stand for all that waits of a programme.
    """
    if number is None:
        yield await _which(desk, "/approve")
        return
    if number.programme:
        yield await _programme_approved(desk, asked, number)
        return
    meant = version.number if version is not None else None
    match await approve(desk, asked.actor, number.number, meant):
        case Approved() as done:
            yield _approved(
                desk,
                done,
                "好的，「{name}」（编号 {number}）批准了{note}。不想发了，发 /cancel {number}。",
            )
        case OneselfOnly(campaign):
            yield reply(
                desk.say(
                    "「{name}」是你自己提交的，要另一位管理员来批准。不发了就发 /reject {number}。",
                    name=campaign.name,
                    number=call_of(campaign),
                ),
                private=True,
            )
        case TrialTooLate(campaign):
            yield reply(_trial_too_late(desk, campaign), private=True)
        case Unfit(campaign_id, hits):
            yield _unfit(desk, hits, f"/override campaign {campaign_id}")
        case Covered(programme):
            yield _covered(desk, programme)
        case NotWaiting(campaign):
            yield _not_waiting(desk, number.number, campaign)
        case Another(campaign):
            yield await _another(desk, campaign)


@command("reject", "退回", Role.MANAGER, "退回别的管理员提交的内容", "/reject 12")
async def reject_(
    desk: Desk, asked: Asked, number: Pending | None = None, version: Number | None = None
) -> Replies:
    """Refuse what was submitted; what was approved before is said again."""
    if number is None:
        yield await _which(desk, "/reject")
        return
    if number.programme:
        yield await _programme_rejected(desk, asked, number)
        return
    meant = version.number if version is not None else None
    match await reject(desk, asked.actor, number.number, meant):
        case Rejected(campaign) if campaign.approved_version is not None:
            text = desk.say(
                "好的，退回了。「{name}」还按原来批准的内容发。",
                name=campaign.name,
            )
            yield reply(text, private=True)
        case Rejected(campaign):
            yield reply(
                desk.say("好的，退回了。「{name}」不会发。", name=campaign.name), private=True
            )
        case NotWaiting(campaign):
            yield _not_waiting(desk, number.number, campaign)
        case Another(campaign):
            yield await _another(desk, campaign)


async def _which(desk: Desk, command_name: str) -> Reply:
    """What waits, with the numbers that the command takes."""
    async with desk.database.reading() as connection:
        found = await all_waiting(connection, desk.shop_id)
    if not found:
        return reply(desk.say("没有等着批准的内容。"), private=True)
    named = desk.listed(
        desk.say("{number}「{name}」", number=one.id, name=one.name) for one in found[:_BUTTONS]
    )
    example = f"{command_name} {call_of(found[0])}"
    sentence = "哪一个？等着批准的有 {named}。例如：{example}"
    buttons = [
        Button(desk.say("看编号 {number}", number=one.id), f"/preview {one.id}")
        for one in found[:_BUTTONS]
    ]
    return reply(desk.say(sentence, named=named, example=example), *buttons, private=True)


async def _programme_approved(desk: Desk, asked: Asked, meant: Pending) -> Reply:
    """Approve all that waits of a programme, and say what of it still does."""
    say = desk.say
    done = await approve_programme(desk, asked.actor, meant.programme, meant.year, meant.newest)
    if not isinstance(done, ProgrammeApproved):
        return await _programme_waits(desk, meant, done)
    lines, buttons = list[str](), list[Button]()
    if done.approved:
        replaced = sum(one.replaced for one in done.approved)
        note = say("（代替了先前的 {count} 个）", count=replaced) if replaced else ""
        sentence = "好的，「{name}」批准了{note}。看每一条，发 /plan 或 /programme。"
        lines.append(say(sentence, name=done.title, note=note))
        lines += held_lines(desk, done.approved[0].held)
    for one in done.own:
        sentence = "「{name}」是你自己提交的，要另一位管理员来批准。不发了就发 /reject {number}。"
        lines.append(say(sentence, name=one.name, number=call_of(one)))
    lines += [_trial_too_late(desk, one) for one in done.too_late]
    for unfit in done.unfit:
        refused = _unfit(desk, unfit.hits, f"/override campaign {unfit.number}")
        lines += [say("编号 {number}：", number=unfit.number), refused.content.text]
        buttons += refused.content.buttons
    return reply("\n".join(lines), *buttons, private=True)


async def _programme_rejected(desk: Desk, asked: Asked, meant: Pending) -> Reply:
    """Refuse all that waits of a programme."""
    done = await reject_programme(desk, asked.actor, meant.programme, meant.year, meant.newest)
    if not isinstance(done, ProgrammeRejected):
        return await _programme_waits(desk, meant, done)
    sentence = (
        "好的，退回了。「{name}」不会发，方案也关了。"
        if done.is_off
        else "好的，退回了。「{name}」还按原来批准的内容发。"
    )
    return reply(desk.say(sentence, name=done.title), private=True)


async def _programme_waits(desk: Desk, meant: Pending, found: Waiting | None) -> Reply:
    """What of a programme waits now, instead of what was meant."""
    if found is None:
        sentence = "「{name}」没有等着批准的内容。发 /waiting 看哪些在等。"
        return reply(desk.say(sentence, name=meant.programme), private=True)
    opening = None
    if meant.newest is not None:
        opening = desk.say("「{name}」改过了，现在等着批准的是这些：", name=found.title)
    text = await what_waits_of(desk, found, opening)
    return reply(text, *programme_buttons(desk, found), private=True)


def _trial_too_late(desk: Desk, campaign: StoredCampaign) -> str:
    """That a trial which was planned before the first post was approved too late."""
    return desk.say(
        "「{name}」的第一条已经发出去了，对照来不及定了，批准不了。"
        "退回发 /reject {number} {version}，就还按原来批准的发。",
        name=campaign.name,
        number=campaign.id,
        version=campaign.version_number,
    )


def _not_waiting(desk: Desk, number: int, campaign: StoredCampaign | None) -> Reply:
    if campaign is None:
        text = desk.say("没有编号 {number} 的活动。发 /plan 看编号。", number=number)
    else:
        text = desk.say(
            "「{name}」没有等着批准的内容。发 /waiting 看哪些在等。", name=campaign.name
        )
    return reply(text, private=True)


async def _another(desk: Desk, campaign: StoredCampaign) -> Reply:
    """What waits now, instead of what was meant."""
    opening = desk.say(
        "「{name}」（编号 {number}）改过了，现在等着批准的是这一版。",
        name=campaign.name,
        number=campaign.id,
    )
    async with desk.database.reading() as connection:
        text = await what_waits(desk, connection, campaign, opening)
    return reply(text, *approval_buttons(desk, campaign), private=True)


@command("waiting", "待批", Role.MANAGER, "看哪些内容等着批准", "/waiting")
async def waiting(
    desk: Desk,
    asked: Asked,  # noqa: ARG001 (every command is given what was asked)
    page: PageNumber | None = None,
) -> Replies:
    """Everything that waits for approval; one alone is shown whole."""
    say = desk.say
    async with desk.database.reading() as connection:
        found = await all_waiting(connection, desk.shop_id)
        part = page_of(found, page)
        whole = await what_waits(desk, connection, found[0]) if len(found) == 1 else ""
        who = {one.id: await name_of(desk, connection, one.submitted_by) for one in part.rows}
    if whole:
        yield reply(whole, *approval_buttons(desk, found[0]), private=True)
        return
    lines = [say("等着批准的有 {count} 个：", count=len(found))]
    lines += [
        say(
            "· {number}「{name}」{who} {time} 提交",
            number=one.id,
            name=one.name,
            who=who[one.id],
            time=desk.show_time(one.submitted_at),
        )
        for one in part.rows
    ]
    if part.rows:
        lines.append(say("发 /preview {number} 看内容。", number=part.rows[0].id))
    several = Counter(one.programme for one in found if one.running_id is not None)
    buttons = [
        Button(say("整套看 {name}", name=key), f"/approve programme {key}")
        for key, count in several.items()
        if count > 1
    ]
    buttons += [
        Button(say("看编号 {number}", number=one.id), f"/preview {one.id}")
        for one in part.rows[:_BUTTONS]
    ]
    empty = say("没有等着批准的内容。")
    yield page_reply(desk, part, lines, *buttons, opening="/waiting", empty=empty, wanted=page)
