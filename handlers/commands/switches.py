"""The emergency switch: stop all sending everywhere at once, and let it go on."""

from __future__ import annotations

from handlers.arguments import Number
from handlers.commands.steering import resume_one
from handlers.desk import Asked, Desk
from handlers.registry import command
from handlers.replies import Replies, reply
from handlers.roles import Role
from storage import audit, shops


@command("halt", "急停", Role.MANAGER, "马上停止所有发送", "/halt", urgent=True)
async def halt(desk: Desk, asked: Asked) -> Replies:
    """Nothing planned leaves any more, in any process, until `/resume`."""
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        changed = await shops.set_halt(connection, desk.shop_id, now)
        if changed:
            await audit.note(connection, audit.Entry(now, asked.actor, "halt", "shop", {}))
    sentence = (
        "已急停：所有群发、倒计时、问候都停了。要恢复，发 /resume。"
        if changed
        else "已经是急停状态。要恢复，发 /resume。"
    )
    yield reply(desk.say(sentence))


@command("resume", "恢复", Role.MANAGER, "恢复一个暂停的活动；不写编号就解除急停", "/resume 12")
async def resume(desk: Desk, asked: Asked, number: Number | None = None) -> Replies:
    """Sending goes on; what is past its time by now is skipped, never sent late."""
    if number is not None:
        yield await resume_one(desk, asked, number.number)
        return
    now = desk.clock.now()
    async with desk.database.writing() as connection:
        changed = await shops.set_halt(connection, desk.shop_id, None)
        if changed:
            await audit.note(connection, audit.Entry(now, asked.actor, "lift_halt", "shop", {}))
    sentence = "已恢复发送，过了时间的不会补发。" if changed else "没有急停，发送一切正常。"
    yield reply(desk.say(sentence))
