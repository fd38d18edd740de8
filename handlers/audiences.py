"""Which groups a manager means: their words, their last choice, or a question back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from handlers.arguments import Groups
from handlers.desk import Asked, Desk
from handlers.replies import Reply, reply
from scheduler.content import Button
from storage.audiences import Audience, resolve
from storage.confirmations import last_choice
from storage.groups import Group, all_groups, tags_of_groups

_EXAMPLE_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Chosen:
    """Groups that were chosen: as written, as an audience, and what it comes to now."""

    written: str
    audience: Audience
    groups: tuple[Group, ...]

    @property
    def names(self) -> list[str]:
        """The groups by name."""
        return [group.name for group in self.groups]


async def chosen_groups(desk: Desk, asked: Asked, groups: Groups) -> Chosen | Reply:
    """The groups meant, or one friendly line when a name means none."""
    written, audience = groups.written, groups.audience
    async with desk.database.reading() as connection:
        if audience is None:
            before = await last_choice(connection, asked.member.id)
            if before is None:
                return reply(
                    desk.say(
                        "还没有上次的选择。写群名或群标签就行，例如：{example}",
                        example=desk.say("@福利群 -二群"),
                    ),
                    private=True,
                )
            meant, _ = Groups.read(f"{before} {written}")
            written, audience = meant.written, meant.audience or Audience()
        found = await resolve(connection, desk.shop_id, audience)
        if not found.unknown and found.groups:
            pinned = replace(found.pinned, written=written)
            return Chosen(written, pinned, found.groups)
        known = [group.name for group in await all_groups(connection, desk.shop_id)]
        for tags in (await tags_of_groups(connection, desk.shop_id)).values():
            known.extend(sorted(tags))
    return _not_found(desk, found.unknown, list(dict.fromkeys(known)))


def _not_found(desk: Desk, unknown: Sequence[str], known: Sequence[str]) -> Reply:
    listed = desk.listed(known)
    if not unknown:
        return reply(
            desk.say("这样选下来一个群也没有。现有的群和群标签：{known}", known=listed),
            private=True,
        )
    close = get_close_matches(unknown[0], known, n=1, cutoff=0.3)
    example = f"@{close[0]}" if close else desk.say("@福利群 -二群")
    return reply(
        desk.say(
            "没有叫「{name}」的群或群标签，可以写：{example}。现有：{known}",
            name=unknown[0],
            example=example,
            known=listed,
        ),
        private=True,
    )


async def ask_for_groups(desk: Desk, asked: Asked, opening: str, ending: str = "") -> Reply:
    """Ask which groups are meant, offering the last choice and all of them.

    `opening` is the command before the groups; `ending` is its text, which gets a line of its own,
    because it may begin with @ or - itself.
    """
    async with desk.database.reading() as connection:
        before = await last_choice(connection, asked.member.id)
        everywhere = await all_groups(connection, desk.shop_id)
    tail = f"\n{ending}" if ending else ""
    first = f"@{everywhere[0].name}" if everywhere else desk.say("@所有群")
    buttons = []
    if before:
        buttons.append(
            Button(desk.say("和上次一样：{groups}", groups=before), f"{opening} {before}{tail}")
        )
    buttons.append(
        Button(
            desk.say("全部 {count} 个群", count=len(everywhere)),
            f"{opening} {desk.say('@所有群')}{tail}",
        )
    )
    return reply(
        desk.say(
            "发到哪些群？写群名或群标签，例如：\n{example}",
            example=f"{opening} {first}{tail}"[:_EXAMPLE_LENGTH],
        ),
        *buttons,
        private=True,
    )
