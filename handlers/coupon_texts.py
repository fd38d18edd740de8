"""Coupons in the words that a manager writes: `{{ coupon }}` stands for each reader's own code.

Only words to people in private may give codes. Which batch they come from is written with them
(`{{ coupon:双11券 }}`); where it is not, the only batch that still has codes is meant. The body
keeps its name, so that previews, approvals and the sender all mean the same (see
`scheduler/bodies.py`). A preview shows a sample, never a code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from handlers.coupon_names import PLAIN, plainly
from handlers.desk import Desk
from handlers.replies import Reply, reply
from scheduler.bodies import is_literal, is_personal, reworded
from scheduler.templates import COUPON
from storage import coupons
from storage.coupons import Batch

LONGEST_CODE = 64
"""Characters of a code."""

_ASKS = re.compile(r"\{[{%][^{}]*\bcoupon\b")
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Settled:
    """A body whose batch is known, and what a manager should know of it."""

    body: dict[str, Any]
    lines: tuple[str, ...] = ()


def asks_for_coupon(text: str) -> bool:
    """Whether a text would give a code."""
    return _ASKS.search(text) is not None


def with_text(body: Mapping[str, Any], text: str) -> dict[str, Any]:
    """The body with this text alone, and the batch that it names."""
    if not is_personal(body):
        return reworded(body, text)
    plain, named = plainly(text)
    return naming(reworded(body, plain), named)


def naming(body: dict[str, Any], named: str) -> dict[str, Any]:
    """The body with the batch that its words name; without one where they ask for none."""
    if not any(map(asks_for_coupon, _texts(body))):
        return {part: value for part, value in body.items() if part != COUPON}
    return {**body, COUPON: named or body.get(COUPON, "")}


def never_in_groups(desk: Desk) -> Reply:
    """The answer to words for groups that would give a code."""
    return reply(
        desk.say(
            "券码一人一张，只能私下发，不能写在群消息里。在群里发领券的按钮：{offer}；"
            "私下发：{broadcast}",
            offer=desk.say("/offer @福利群 双11券"),
            broadcast=desk.say("/broadcast @标签:老客 老朋友的券：{coupon}", coupon=PLAIN),
        ),
        private=True,
    )


async def settled(desk: Desk, body: dict[str, Any]) -> Settled | Reply:
    """The body with the batch that its codes come from, or the line that asks for it."""
    if not any(map(asks_for_coupon, _texts(body))):
        return Settled(body)
    if not is_personal(body):
        return never_in_groups(desk)
    named = body.get(COUPON)
    if named is None:
        return Settled(body)  # a programme's words, which do without: no batch was named for them
    batch = await _meant(desk, named)
    if isinstance(batch, Reply):
        return batch
    line = desk.say(
        "每人一张「{name}」（{gives}），还有 {left} 张；上面的券码只是样子",
        name=batch.name,
        gives=batch.gives,
        left=batch.left,
    )
    return Settled({**body, COUPON: batch.name}, (line,))


async def _meant(desk: Desk, named: str) -> Batch | Reply:
    """The batch of this name, or the only one that has codes; or the line that asks for it."""
    say, now = desk.say, desk.clock.now()
    async with desk.database.reading() as connection:
        known = await coupons.batches(connection, desk.shop_id)
    if named and named not in {one.name for one in known}:
        return reply(say("没有叫「{name}」的券。发 /coupon 看有哪些。", name=named), private=True)
    usable = [one for one in known if one.left and not one.is_over(now)]
    meant = [one for one in usable if named in {"", one.name}]
    if not meant:
        example = say("/coupon 双11券 | 满199减30 | 11-30 | 100")
        text = say("没有还能发的券码了：券发完了，或者过期了。先备一些：{example}", example=example)
        return reply(text, private=True)
    if len(meant) > 1:
        names = desk.listed((one.name for one in meant), _SHOWN)
        text = say(
            "要带哪一种券？现在能发的有：{names}。把名字写进去再发一次，例如：{example}",
            names=names,
            example=f"{{{{ coupon:{meant[0].name} }}}}",
        )
        return reply(text, private=True)
    return meant[0]


def _texts(body: Mapping[str, Any]) -> Iterator[str]:
    """Every text of a body as it is written."""
    if is_literal(body):
        contents = body["contents"] if "contents" in body else [body["content"]]
        yield from (str(one.get("text", "")) for one in contents)
        return
    for texts in body["templates"].values():
        yield from [texts] if isinstance(texts, str) else texts
