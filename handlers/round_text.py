"""A round in words: how it is announced, how it stands, and what came of it.

What is told in groups names nobody but the winners of a draw, and those masked, with their numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, assert_never

from handlers.desk import Desk
from handlers.draws import Prize, Rules, commitment
from insights.masking import mask_name
from scheduler.content import Button, Content
from storage.rounds import Round, RoundKind, Tally

_LONGEST_NUMBERS = 600  # characters: more are told by /drawcheck
_NAMED_WINNERS = 20


def rules_of(one: Round) -> Rules:
    """The rules of a draw, as they are committed to."""
    prizes = tuple(Prize(name, count) for name, count in one.options)
    return Rules(one.title, prizes, one.closes_at)


def announcement(desk: Desk, one: Round) -> Content:
    """What is posted when a round opens, with what can be pressed."""
    match one.kind:
        case RoundKind.POLL:
            lines, buttons = _poll_lines(desk, one), options_of(one)
        case RoundKind.CHAIN:
            lines, buttons = _chain_lines(desk, one), _join_and_quit(desk, one)
        case RoundKind.DRAW:
            lines, buttons = _draw_lines(desk, one), _join_and_quit(desk, one)
        case _:
            assert_never(one.kind)
    return Content("\n".join(lines), buttons=tuple(buttons))


def _poll_lines(desk: Desk, one: Round) -> list[str]:
    how = desk.say(
        "点按钮，或回复这条消息写序号。每人一票，可以改；{closes} 截止。",
        closes=desk.show_time(one.closes_at),
    )
    options = [f"{place}. {option}" for place, option in enumerate(one.options, start=1)]
    return [desk.say("【投票】{title}", title=one.title), *options, how]


def options_of(one: Round) -> list[Button]:
    """A button for each option of a poll."""
    return [
        Button(option, f"/vote {one.id} {place}")
        for place, option in enumerate(one.options, start=1)
    ]


def _chain_lines(desk: Desk, one: Round) -> list[str]:
    how = desk.say(
        "想要的点「参加」，或照着往下接：序号、名字、几份；{closes} 截止。",
        closes=desk.show_time(one.closes_at),
    )
    return [desk.say("【接龙】{title}", title=one.title), how]


def _join_and_quit(desk: Desk, one: Round) -> list[Button]:
    return [
        Button(desk.say("参加"), f"/join {one.id}"),
        Button(desk.say("不参加了"), f"/quit {one.id}"),
    ]


def _draw_lines(desk: Desk, one: Round) -> list[str]:
    say, rules = desk.say, rules_of(one)
    prizes = desk.say("；").join(
        say("{name} {count} 份", name=prize.name, count=prize.count) for prize in rules.prizes
    )
    return [
        say("【抽奖】{title}", title=one.title),
        say("奖品：{prizes}", prizes=prizes),
        say(
            "点「参加」，或回复这条消息写“参加”，每人一个号码；{closes} 截止，自动开奖。",
            closes=desk.show_time(one.closes_at),
        ),
        say("不用转发，不用拉人，也不用写评价。"),
        say(
            "公正凭据：{commitment}（开奖时公布种子，谁都能验，发 /drawcheck {number}）",
            commitment=commitment(one.secret, rules),
            number=one.id,
        ),
    ]


def votes_in(one: Round, counted: Tally) -> list[int]:
    """How many chose each option of a poll."""
    votes = [0] * len(one.options)
    for body, people in counted.entered:
        choice = body.get("choice")
        if isinstance(choice, int) and 0 <= choice < len(votes):
            votes[choice] += people
    return votes


def amounts_in(counted: Tally) -> int:
    """How many pieces a chain comes to."""
    return sum(sum(body.get("lines", {}).values()) * people for body, people in counted.entered)


def standing(desk: Desk, one: Round, counted: Tally) -> str:
    """How a round stands, in one line."""
    say = desk.say
    match one.kind:
        case RoundKind.POLL:
            votes = zip(one.options, votes_in(one, counted), strict=True)
            listed = " · ".join(f"{option} {count}" for option, count in votes)
            return say("目前 {count} 票：{counted}", count=counted.people, counted=listed)
        case RoundKind.CHAIN:
            return say(
                "目前 {people} 位，共 {amount} 份",
                people=counted.people,
                amount=amounts_in(counted),
            )
        case RoundKind.DRAW:
            return say("目前 {people} 位参加", people=counted.people)


def updated(desk: Desk, one: Round, counted: Tally) -> Content:
    """The announcement with how the round stands; once it is closed, with nothing to press."""
    posted = announcement(desk, one)
    if one.called_off:
        return Content(f"{posted.text}\n{desk.say('已经取消。')}")
    if one.closed_at is not None:
        return Content(f"{posted.text}\n{desk.say('已经截止。')}")
    return Content(f"{posted.text}\n{standing(desk, one, counted)}", buttons=posted.buttons)


def outcome(
    desk: Desk, one: Round, result: Mapping[str, Any], people: int, names: Mapping[int, str]
) -> str:
    """What came of a round that so many took part in, as the groups are told.

    `names` are those of a draw's winners, by their numbers (see `winners_of`).
    """
    say = desk.say
    match one.kind:
        case RoundKind.POLL:
            total = sum(result["votes"])
            rows = sorted(zip(one.options, result["votes"], strict=True), key=lambda row: -row[1])
            lines = [
                say(
                    "{option}：{count} 票（{share:.0%}）",
                    option=option,
                    count=count,
                    share=count / total if total else 0,
                )
                for option, count in rows
            ]
            title = say("【投票结果】{title}", title=one.title)
            thanks = say("一共 {count} 位投了票，谢谢大家。", count=total)
            return "\n".join([title, *lines, thanks])
        case RoundKind.CHAIN:
            return say(
                "【接龙截止】{title}\n一共 {people} 位，{amount} 份，店里都记下了。",
                title=one.title,
                people=result["people"],
                amount=result["amount"],
            )
        case RoundKind.DRAW:
            return "\n".join(_drawn(desk, one, result, people, names))


def winners_of(result: Mapping[str, Any]) -> list[int]:
    """The numbers that have won anything in a draw; none of another round."""
    return [number for won in result.get("winners", ()) for number in won]


def _drawn(
    desk: Desk, one: Round, result: Mapping[str, Any], people: int, names: Mapping[int, str]
) -> list[str]:
    say = desk.say
    title = say("【开奖】{title}", title=one.title)
    if not people:
        return [title, say("这次没有人参加，下次再来。")]
    numbers = result["numbers"]
    if len(numbers) > _LONGEST_NUMBERS:
        numbers = say("见 /drawcheck {number}", number=one.id)
    return [
        title,
        *(
            say("{prize}：{winners}", prize=prize.name, winners=_named(desk, won, names))
            for prize, won in zip(rules_of(one).prizes, result["winners"], strict=True)
            if won
        ),
        say("参加的号码：{numbers}（共 {count} 位）", numbers=numbers, count=people),
        say("开奖种子：{seed}", seed=result["seed"]),
        say("恭喜中奖的朋友，店里会联系你。想验一验，发 /drawcheck {number}。", number=one.id),
    ]


def _named(desk: Desk, won: Sequence[int], names: Mapping[int, str]) -> str:
    if len(won) > _NAMED_WINNERS:
        return desk.say("、").join(str(number) for number in won)
    return desk.say("、").join(
        desk.say("{number} 号 {name}", number=number, name=mask_name(names.get(number, "")))
        for number in won
    )
