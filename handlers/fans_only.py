"""Who takes part: fans who may be remembered. The staff and the bot never count."""

from __future__ import annotations

from handlers.desk import Asked, Desk
from handlers.replies import Reply, reply
from handlers.roles import Role


def kept_out(desk: Desk, asked: Asked) -> Reply | None:
    """What is said to somebody who cannot take part; None to everybody else."""
    if asked.role is Role.MANAGER:
        return reply(desk.say("这是给粉丝的，店里的人不参加。"), private=True, quiet=True)
    if asked.member.no_record:
        text = desk.say("你选了不让我记录，我就没有记下这一次。想参加，先发 /record。")
        return reply(text, private=True, quiet=True)
    return None
