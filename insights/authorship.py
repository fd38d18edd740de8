"""Whose words a text is, where the platform does not tell.

Fans pass on what others wrote: 接龙 lists that grow by a line, 淘口令 that open the Taobao app,
posts of a shop. These are no opinions of theirs and are never counted as such. The values of
`PassedOn` are those that messages are stored under.
"""

from __future__ import annotations

import re
from enum import StrEnum


class PassedOn(StrEnum):
    """What a text is when it is not a fan's own words."""

    CHAIN = "chain"
    TAOBAO_CODE = "taobao_code"
    SHOP_POST = "shop_post"


_CHAIN_HEAD = re.compile(r"^\s*(?:#\s*接龙|【?接龙|接龙)")
_CHAIN_LINE = re.compile(r"^\s*\d{1,3}\s*[.、．)）:：]\s*\S.{0,40}$", re.MULTILINE)
_CHAIN_ENTRY = re.compile(
    r"^\s*\d{1,3}\s*[.、．]\s*\S{1,20}\s*(?:\+\s*\d{1,2}|\d{1,2}\s*[份瓶盒件套个支包箱斤袋罐])\s*$"
)
# The code stands between two signs of money or brackets; Taobao changes the signs now and then.
_CODE = re.compile(r"([￥¥$€₤₳¢₴₰])\s?[A-Za-z0-9]{8,16}\s?\1|[(（][A-Za-z0-9]{11}[)）]")
_CODE_LINK = re.compile(
    r"https?://(?:m\.tb\.cn|e\.tb\.cn|s\.click\.taobao\.com|u\.jd\.com|3\.cn|p\.pinduoduo\.com)/",
    re.IGNORECASE,
)
_CODE_WORDS = re.compile(
    r"复制.{0,12}(?:打开|淘宝|口令)|打开.{0,6}(?:手机)?(?:淘宝|天猫|京东)|淘口令"
    r"|点击链接直接打开|搜索直接打开|[A-Z]{2}\d{3,4}\s*[「【]"
)
_SHOP_SIGNS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"https?://",
        r"【[^】]{2,30}】",
        r"(?:到手|券后|拍下|活动|秒杀|直播|预售|专享|限时)[^\n]{0,6}价?\s*[¥￥]?\d+(?:\.\d+)?",
        r"领券|优惠券链接|下单链接|抢购链接|戳链接|点击下单|下单戳|购买链接|下单方式",
        r"库存有限|手慢无|限量\d*|先到先得|最后\d+(?:件|小时|天)|错过等一年",
        r"原价\s*[¥￥]?\d+",
        r"(?:亲爱的|各位)(?:会员|粉丝|宝子|家人|顾客)",
        r"买[一二三四五\d]送[一二三四五\d]|满\d+减\d+|第[二2]件半价",
    )
]
_SHOP_LENGTH = 40  # characters: a fan who writes 满300减50 means it
_SHOP_ENOUGH = 3  # signs


def passed_on(text: str) -> PassedOn | None:
    """What the text is passed on from; None when it is a fan's own words."""
    if _is_chain(text):
        return PassedOn.CHAIN
    if _CODE.search(text) or (_CODE_LINK.search(text) and _CODE_WORDS.search(text)):
        return PassedOn.TAOBAO_CODE
    if len(text) >= _SHOP_LENGTH and sum(bool(s.search(text)) for s in _SHOP_SIGNS) >= _SHOP_ENOUGH:
        return PassedOn.SHOP_POST
    return None


def _is_chain(text: str) -> bool:
    lines = _CHAIN_LINE.findall(text)
    if _CHAIN_HEAD.match(text):
        return bool(lines) or "\n" in text or "#" in text
    entries = [line for line in text.splitlines() if _CHAIN_ENTRY.match(line)]
    # One entry alone (12. 小鱼 +1) is the line that the next fan adds.
    return bool(entries) and len(entries) * 2 >= len(text.strip().splitlines())
