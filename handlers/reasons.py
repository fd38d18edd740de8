"""Why a delivery, a campaign or an account stands where it stands, in words.

The floors below store codes; this is the one table that says them, each as a few words that fit
behind a colon or a number. What a platform answered is stored, and shown, as it was said.
"""

from __future__ import annotations

from handlers.wording import Say
from storage import deliveries

WORDS = {
    # What `scheduler.decide` finds.
    "campaign_cancelled": "活动已取消",
    "campaign_paused": "活动暂停中",
    "not_approved": "还没有人批准",
    "halted": "急停中",
    "group_gone": "已经不在这个群里",
    "unreachable": "私聊发不到",
    "muted": "在群里被禁言",
    "hold_out": "留作对照，特意不发",
    "opted_out": "退订了营销消息",
    "too_early": "还没到时间",
    "too_late": "过了时间",
    "account_down": "账号在休息",
    "quiet_day": "那天是哀思的日子，不发推广",
    "quiet_hours": "免打扰时段",
    "daily_cap": "24 小时内已经发满",
    "weekly_cap": "7 天内已经发满",
    "quiet_minutes": "避开整点和半点",
    "wording": "措辞不合规定，没有发",
    "coupon_used": "这张券已经用掉了",
    "coupons_gone": "券发完了，或者过期了",
    # How a sender fares with a platform.
    "pace": "排队，不超过平台的速度",
    "too_fast": "平台嫌快，让慢一点",
    "no_answer": "平台没有回音",
    "ended": "还没等到回音就关机了",
    "interrupted": "发送时断开了",
    "looked_up": "向平台查过，已发出",
    "looked_up_absent": "向平台查过，没发出",
    "late_receipt": "回执来晚了，已发出",
    "resent": "补发过一次",
    "held_back": "临发时拦下了",
    deliveries.UNSERVED: "这个账号没有在用",
    "lane_elsewhere": "账号正由另一个进程使用",
    "permanent_errors": "接连好几处都发不进去",
    "logged out": "没有登录",
    "restricted": "平台在限制这个账号",
    # What people do.
    "paused_by_manager": "管理员暂停了",
    "cancelled_by_manager": "管理员取消了",
    "replaced": "换成了新的活动",
    "left_out": "管理员跳过了这一条",
    "rejected": "被退回了",
    "audience_changed": "修改后不再发给它",
    "left_segment": "不再带着要发的标签",
    "staff_chat": "这个群成了工作群",
    "group_given_up": "这个群不是店里的了",
    "group_moved": "群换了编号，只发一次",
    "same_person": "换了编号，同一个人只发一次",
    "retried": "管理员让再发一次",
    "resolved_sent": "管理员核实：已收到",
    "resolved_not_sent": "管理员核实：没收到",
    "demo_over": "演示结束了",
}
"""Code → a key of the wording."""

WHY_OFFLINE = {
    "unreachable": "网关连不上",
    "token": "网关不认令牌",
    "taken": "别的程序正连着网关",
}
"""The same of an account that is not online: there some codes mean something else."""

_LONGEST = 100  # characters of what a platform said


def words_for(say: Say, reason: str | None) -> str:
    """A reason as people read it; one that is no code of ours was said by the platform."""
    if not reason:
        return say("没有说明原因")
    return say(WORDS[reason]) if reason in WORDS else reason[:_LONGEST]


def why_offline(say: Say, reason: str | None) -> str:
    """Why an account is not online, as people read it."""
    return say(WHY_OFFLINE[reason]) if reason in WHY_OFFLINE else words_for(say, reason)
