"""The steps of the guided form, as a table: each with its question, its choices and its reading.

A flow is the order of the steps for one kind of campaign. To ask for something more, add a step
to the table and name it in a flow; `filling.py` knows no step by its name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handlers.forms import answers, choices
from handlers.forms.answers import Filling, Kind
from handlers.forms.choices import Choice

PREVIEW = "preview"
"""Where a form stands once everything is answered and the preview is shown."""


@dataclass(frozen=True, slots=True)
class Step:
    """One question of the form.

    `question` and `example` are keys of the wording; the example is a right answer as it stands,
    with `{days}` for the variable of a countdown.
    `choices` are offered as buttons and by number; `read` makes of an answer what is kept, under
    the step's name, and raises `Unreadable` or `Wrong` with what is wrong about it. `shown` is a
    kept answer in few words. A step that `may_be_skipped` keeps None then.
    """

    name: str
    question: str
    example: str
    choices: Callable[[Filling], Awaitable[Sequence[Choice]]]
    read: Callable[[Filling, str], Awaitable[Mapping[str, Any]]]
    shown: Callable[[Filling, Any], str]
    may_be_skipped: bool = False


KIND = Step(
    "kind",
    "想发什么？",
    "群发",
    choices.kinds,
    answers.read_kind,
    answers.kind_shown,
)
GROUPS = Step(
    "groups",
    "发到哪些群？可以写群名、群标签，减号表示不要。",
    "@福利群 -二群",
    choices.groups,
    answers.read_groups,
    answers.as_written,
)
TIME = Step(
    "time",
    "什么时候发？",
    "明天 10:00",
    choices.moments,
    answers.read_time,
    answers.time_shown,
)
DAY = Step(
    "day",
    "倒数到哪一天？最后十天每天一条。",
    "双11",
    choices.days,
    answers.read_day,
    answers.as_written,
)
FESTIVAL = Step(
    "festival",
    "哪个节日？",
    "春节",
    choices.festivals,
    answers.read_festival,
    answers.festival_shown,
)
TEXT = Step(
    "text",
    "发什么内容？怎么写就怎么发，文字和图一起发来也行。",
    "今晚八点直播，聊聊秋冬怎么保湿",
    choices.none,
    answers.read_text,
    answers.text_shown,
)
WORDS = Step(
    "words",
    "每天说什么？花括号里的天数会自己变。跳过就用现成的话。",
    "离活动还有 {days} 天，想问什么就在群里说",
    choices.none,
    answers.read_words,
    answers.text_shown,
    may_be_skipped=True,
)
PICTURE = Step(
    "picture",
    "要配图吗？发一张图，或写图片的网址。不要就跳过。",
    "https://example.com/live.jpg",
    choices.none,
    answers.read_picture,
    answers.picture_shown,
    may_be_skipped=True,
)

_FLOWS: Mapping[str, tuple[Step, ...]] = {
    Kind.BROADCAST: (KIND, GROUPS, TIME, TEXT, PICTURE),
    Kind.COUNTDOWN: (KIND, GROUPS, DAY, WORDS),
    Kind.GREETINGS: (KIND, GROUPS, FESTIVAL),
}


def flow_of(given: Mapping[str, Any]) -> tuple[Step, ...]:
    """The steps that a form with these answers goes through; only the first until it is known."""
    return _FLOWS.get(given.get(KIND.name, ""), (KIND,))


def step_names() -> frozenset[str]:
    """The names of all steps, of whichever flow."""
    return frozenset(step.name for flow in _FLOWS.values() for step in flow)


def next_open(given: Mapping[str, Any]) -> str:
    """The first step of the flow that has no answer yet; else the preview."""
    return next((one.name for one in flow_of(given) if one.name not in given), PREVIEW)
