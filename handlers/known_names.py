"""Under which other names somebody is known, and who brought them in, where a platform says so."""

from __future__ import annotations

from handlers.wording import Say
from storage.profiles import Profile


def other_names(say: Say, known: Profile, *, to_staff: bool = False) -> list[str]:
    """A line for what somebody calls themselves in groups; to staff, one for the shop's own name.

    What the shop's account calls somebody (备注) is the shop's word and not that person's: WeChat
    shows it to nobody else either.
    """
    lines = []
    if to_staff and known.member.alias:
        lines.append(say("备注名：{alias}", alias=known.member.alias))
    if known.nicknames:
        lines.append(say("群昵称：{names}", names=say("、").join(known.nicknames)))
    return lines


def brought_lines(say: Say, known: Profile) -> list[str]:
    """A line that says who brought somebody into a group, if anybody did."""
    if not known.brought_by:
        return []
    return [say("由谁拉进群：{names}", names=say("、").join(known.brought_by))]
