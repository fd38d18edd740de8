"""Keeps people out of quotes: a fan is quoted, never given away.

`mask` covers what identifies somebody inside a text (phone and id numbers, order and parcel
numbers, e-mail and street addresses, accounts of WeChat and QQ, names of members); `mask_name`
shortens a name for display. It covers too much rather than too little: a number of six digits or
more is nobody's business in a report.

Nobody types a name as its owner wrote it: 小满🌸 is called 小满, and Alice alice. So a name is
found in small letters and half width, and without what decorates its ends. One that is written in
Latin letters stands there as a word of its own: a member called SK does not cover a part of skin.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence

_STARS = "***"

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_LINK = re.compile(r"(?:https?://|www\.)[^\s\u4e00-\u9fff，。！？；：（）]+", re.IGNORECASE)
# 微信号, vx, QQ群... and then the account: at once, or behind a colon, a blank or 是.
_ACCOUNT = re.compile(
    r"(微信号?|薇信|威信|加[vV]|[vV][xX]|[wW][xX]|[wW]e[cC]hat|[qQ]{2}群?|扣扣|企鹅号?"
    r"|支付宝账?号?|抖音号|小红书号|微博|旺旺号?|淘宝账?号|账号|会员名|ID|id)"
    r"(\s*(?:[:：是为]|号[是:：]?)?\s*)"
    r"(?![a-z]{1,2}\b)([A-Za-z0-9][\w.-]{3,29}|[1-9]\d{4,11})",
    re.ASCII,
)
# Numbers with the blanks and hyphens that people write into them: 138 0000 1234, 4001-2345-...
_NUMBER = re.compile(r"(?<![\d.])\+?\d(?:[ -]?\d){5,}[xX]?(?![\d.])")
_PARCEL = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{1,4}\d{8,}[A-Za-z0-9]*")
_HAN = "\u4e00-\u9fff"
# 浙江省杭州市西湖区文三路 12 号 3 幢 402 室: regions in front, then a street with a number, then
# the way to the door. A region alone is no address, a street with a number or a door is one.
_REGION = rf"(?:[{_HAN}]{{2,8}}?(?:省|自治区|市|区|县|旗|镇|乡|街道|州|新区|开发区))"
_STREET = rf"[{_HAN}a-zA-Z0-9]{{1,12}}?(?:路|街|大道|大街|巷|弄|胡同|里|道|村|组|屯)"
_NUMBERED = r"\s*(?:[东南西北中]段)?\s*[\d一二三四五六七八九十百零]+(?:[-—]\d+)?\s*(?:号院?|弄|组)"
_ESTATE = (
    rf"[{_HAN}a-zA-Z0-9]{{2,12}}?(?:小区|花园|公寓|大厦|广场|宿舍|家园|苑|府|城|庄园|写字楼|园区)"
)
_DOOR = (
    r"(?:\s*[A-Za-z0-9一二三四五六七八九十]+\s*(?:号楼|栋|幢|座|单元|楼|层|室|户|号房?|#)"
    r"\s*(?:\d{2,4}(?!\d)[室号户]?)?)+"
)
_ADDRESSES = [
    re.compile(r"(?<=地址)(?:是|[:：])[^\n。；！？]{4,60}"),
    re.compile(rf"{_REGION}*{_STREET}{_NUMBERED}(?:{_ESTATE})?(?:{_DOOR})?"),
    re.compile(rf"{_REGION}*{_ESTATE}{_DOOR}"),
    re.compile(rf"{_REGION}{{2,}}(?:{_STREET}|{_ESTATE})"),
]

_DECORATION = re.compile(r"^[\W_]+|[\W_]+$")


class _Folds(dict[int, str]):
    """Each character in small letters and half width, where that is one character again."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        plain = unicodedata.normalize("NFKC", character).lower()
        self[code] = plain if len(plain) == 1 else character
        return self[code]


_FOLDS = _Folds()


def mask_name(name: str) -> str:
    """A name for display: the first and the last character, and two stars (小鱼爱吃鱼 → 小**鱼).

    Of a name of two characters only the first is left, of a shorter one nothing.
    """
    name = name.strip()
    first, last = name[:1], name[2:][-1:]
    return f"{first}**{last}" if len(name) > 1 else "**"


def mask(text: str, names: Iterable[str] = ()) -> str:
    """The text with everything covered that tells who somebody is or where they live.

    `names` are those of the group's members; what would be one character is too common to cover.
    Masking a masked text changes nothing more.
    """
    text = _EMAIL.sub(_STARS, text)
    text = _LINK.sub(_STARS, text)
    text = _ACCOUNT.sub(rf"\1\2{_STARS}", text)
    for address in _ADDRESSES:
        text = address.sub(_STARS, text)
    text = _PARCEL.sub(_STARS, text)
    text = _NUMBER.sub(_STARS, text)
    return _names_masked(text, names)


def folded(text: str) -> str:
    """The text in small letters and half width, character by character: as long as it was."""
    return text.translate(_FOLDS)


def as_a_word(form: str) -> str:
    """A pattern that finds this, folded, but not inside a longer Latin word or number."""
    return f"{_edge('<!', form[0])}{re.escape(form)}{_edge('!', form[-1])}"


def names_within(names: Iterable[str], texts: Sequence[str]) -> list[str]:
    """Those of many names that `mask` would cover in any of a few texts.

    Each name is looked up by how it begins, and not searched for in every text.
    """
    read = [folded(text) for text in texts]
    beginnings = {text[start : start + 2] for text in read for start in range(len(text) - 1)}
    return sorted(
        {
            name.strip()
            for name in names
            if (called := _shortest(folded(name)))[:2] in beginnings
            and any(called in text and re.search(as_a_word(called), text) for text in read)
        }
    )


def mask_texts(texts: Mapping[int, str], names: Iterable[str]) -> dict[int, str]:
    """Each text without anything that tells who somebody is; the names are looked through once.

    Slow where there are many names: call it in a thread.
    """
    called = names_within(names, list(texts.values()))
    return {key: mask(text, called) for key, text in texts.items()}


def _names_masked(text: str, names: Iterable[str]) -> str:
    read = folded(text)
    forms = {form for name in names_within(names, [text]) for form in _forms(folded(name))}
    if not forms:
        return text
    longest_first = sorted(forms, key=lambda form: (-len(form), form))
    pattern = re.compile("|".join(map(as_a_word, longest_first)))
    masked, end = "", 0
    for match in pattern.finditer(read):
        masked += text[end : match.start()] + mask_name(text[match.start() : match.end()])
        end = match.end()
    return masked + text[end:]


def _forms(name: str) -> Iterator[str]:
    """How somebody with this name, which is folded, is called: by all of it, or by its middle."""
    name = name.strip()
    bare = _bare(name)
    yield from (form for form in (name, bare) if bare and len(form) > 1)


def _shortest(name: str) -> str:
    """The form that stands wherever another one does; empty where there is none."""
    return min(_forms(name), key=len, default="")


def _bare(name: str) -> str:
    """A name without what decorates its ends: emoji, hearts, dashes, brackets."""
    return name if name[:1].isalnum() and name[-1].isalnum() else _DECORATION.sub("", name)


def _edge(looking: str, character: str) -> str:
    same = next((kind for kind in ("[a-z]", "[0-9]") if re.match(kind, character)), "")
    return f"(?{looking}{same})" if same else ""
