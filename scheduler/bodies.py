"""What a content version says: its body as a document, and the message it makes for one slot.

A body is one of three kinds. A manager's own words to groups are kept as they are and never read
as a template: `{"content": {...}}`. Those to people in private may call them by name, so their text
is a template: `{"content": {...}, "variables": {...}}`. A programme's words are templates with the
variables that were approved with them, in one language: `{"templates": {SLOT_OR_TOPIC: TEXT},
"variables": {...}, "language": "zh"}`. What the slot tells (the days left, the festival), and the
name of the group or the fan, are filled in when it goes out. What a part says of a slot itself goes
before what it says of the slot's topic.

Words may have variants, named a, b, c by their place: `"contents": [{...}, ...]` instead of one
`"content"`, or several texts in a list where one stands. Who gets which is the planner's business
(see `variants.py`); whoever is given none gets the first. Besides, a body may hold:

- `"facts": {SLOT: {NAME: VALUE}}`: variables of one slot;
- `"pictures": {SLOT_OR_TOPIC: [{"source", "caption"}]}` and `"buttons": {SLOT_OR_TOPIC: [{"label",
  "says"}]}`, of templates;
- `"test": {...}`: the plan of a trial that was fixed before it began (see `trial_plan.py`);
- `"in_private": true`: the templates are for people, and may call them by name;
- `"apart": true`: groups that share fans get different variants (see `apart.py`);
- `"overrides": [ID]`: wording rules that a manager let this text pass;
- `"coupon": NAME`: the batch of coupons of which each person gets the code that `{{ coupon }}`
  stands for (see `coupon_codes.py`). What goes to groups never has one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from string import ascii_lowercase
from typing import Any

from scheduler.content import Button, Content, Picture
from scheduler.programme import facts_of, topic_of
from scheduler.templates import COUPON, render, variables_of
from storage.errors import SchedulingError

SAMPLE_CODE = "AB12CD34"
"""What `{{ coupon }}` says wherever words are only shown: a code is for whom it is sent to."""


class SlotUnwritten(SchedulingError):
    """A content version has no words for a slot of its campaign."""

    number = 330
    sentence = "The content has no words for the slot {slot}."
    mend = "Make the campaign anew, so that its words and its schedule fit."


class BodyBroken(SchedulingError):
    """The body of a content version has none of the three shapes."""

    number = 331
    sentence = "The body of the content is broken: {reason}."
    mend = "Make the campaign anew."


def literal_body(content: Content) -> dict[str, Any]:
    """A body that says exactly this at every slot."""
    return {"content": content.to_json()}


def personal_body(content: Content, variables: Mapping[str, str]) -> dict[str, Any]:
    """A body that says this to each person, its text filled in with these and `{{ fan }}`."""
    return {"content": content.to_json(), "variables": dict(variables)}


def template_body(
    templates: Mapping[str, str | Sequence[str]], variables: Mapping[str, str], language: str
) -> dict[str, Any]:
    """A body that renders the template, or one of the variants, of each slot or its topic.

    What the topic of a slot is says `programme.topic_of`.
    """
    return {"templates": dict(templates), "variables": dict(variables), "language": language}


def is_literal(body: Mapping[str, Any]) -> bool:
    """Whether a body says the same at every slot: a manager's own words."""
    return "content" in body or "contents" in body


def is_personal(body: Mapping[str, Any]) -> bool:
    """Whether a body is words to people, each called by name: a manager's own, or a programme's."""
    return "in_private" in body or (is_literal(body) and "variables" in body)


def variants_of(body: Mapping[str, Any], slot: str) -> tuple[str, ...]:
    """The names of the variants that a body has for a slot: `("a",)` where it has one text.

    Raises:
        SlotUnwritten: there are no words for the slot.
        BodyBroken: the body has another shape.
    """
    try:
        count = len(_contents(body) if is_literal(body) else _templates(body, slot))
    except _WRONG_SHAPES as wrong:
        raise _broken(wrong) from wrong
    if not count:
        raise SlotUnwritten(slot=slot)
    return _names(count)


def written_at(body: Mapping[str, Any], slot: str) -> dict[str, str]:
    """Variant → its text for a slot as it is written, before anything is filled in.

    Raises:
        SlotUnwritten: there are no words for the slot.
        BodyBroken: the body has another shape.
    """
    names = variants_of(body, slot)
    if is_literal(body):
        texts = [str(one.get("text", "")) for one in _contents(body)]
    else:
        texts = list(_templates(body, slot))
    return dict(zip(names, texts, strict=True))


def said_at(body: Mapping[str, Any], slot: str) -> dict[str, Any]:
    """All that a body says of one slot: two that are equal here say the same of it.

    Of variables only those that the words ask for, and nothing of what they say of other slots.

    Raises:
        SlotUnwritten: there are no words for the slot.
        BodyBroken: the body has another shape.
        SchedulingError: the template is wrong.
    """
    written = written_at(body, slot)
    if is_literal(body):
        parts = ("content", "contents", "variables", COUPON)
        return {name: body[name] for name in parts if name in body}
    try:
        known = {**body["variables"], **_at(body.get("facts", {}), slot, {})}
        said = {name: body.get(name) for name in ("language", "in_private", "apart")}
        said |= {name: _at(body.get(name, {}), slot, ()) for name in ("pictures", "buttons")}
    except _WRONG_SHAPES as wrong:
        raise _broken(wrong) from wrong
    asked = frozenset[str]().union(*map(variables_of, written.values()))
    batch = body.get(COUPON) if COUPON in asked else None
    return {
        **said,
        "templates": list(written.values()),
        "variables": {name: known.get(name) for name in asked},
        COUPON: batch,
    }


def batch_asked(body: Mapping[str, Any], slot: str, variant: str | None) -> str | None:
    """The batch of coupons of which these words give each person a code; None: they give none.

    Raises:
        SlotUnwritten: there are no words for the slot.
        BodyBroken: the body has another shape.
        SchedulingError: the template is wrong.
    """
    if COUPON not in body:
        return None
    written = written_at(body, slot)
    text = written.get(variant or "", next(iter(written.values())))
    return str(body[COUPON]) if COUPON in variables_of(text) else None


def arms_of(body: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of all variants of a body: as many as its richest slot has.

    Raises:
        BodyBroken: the body has another shape.
    """
    try:
        if is_literal(body):
            return _names(len(_contents(body)))
        return _names(max(len(_listed(one)) for one in body["templates"].values()))
    except (*_WRONG_SHAPES, ValueError) as wrong:
        raise _broken(wrong) from wrong


def reworded(body: Mapping[str, Any], text: str) -> dict[str, Any]:
    """The same kind of body with this text alone: word for word, or as the template of every slot.

    Pictures, buttons and variables stay as they are. Whom the old words called by name do not, nor
    other variants, nor what a manager let the old words pass.

    Raises:
        BodyBroken: the body has none of the three shapes.
    """
    kept = {name: part for name, part in body.items() if name not in {"contents", "overrides"}}
    try:
        if is_literal(body):
            first = _contents(body)[0]
            content = {name: part for name, part in first.items() if name != "mentions"}
            return {**kept, "content": {**content, "text": text}}
        return {**kept, "templates": dict.fromkeys(body["templates"], text)}
    except _WRONG_SHAPES as wrong:
        raise _broken(wrong) from wrong


def content_of(
    body: Mapping[str, Any],
    slot: str,
    name: str,
    *,
    in_private: bool = False,
    variant: str | None = None,
    code: str = SAMPLE_CODE,
) -> Content:
    """The message for one slot in the group of this name, or `in_private` to the fan.

    A variant that the slot has no words for says the first, as None does. `code` is the fan's own
    coupon, where the words give one.

    Raises:
        SlotUnwritten: there are no words for the slot.
        BodyBroken: the body has another shape, as an older or newer release may have written it.
        SchedulingError: the template is wrong.
    """
    try:
        called = {"fan": name} if in_private else {"group": name}
        if in_private and COUPON in body:
            called[COUPON] = code
        if is_literal(body):
            content = Content.from_json(_one_of(_contents(body), variant))
            if not is_personal(body):
                return content
            return replace(content, text=render(content.text, **body["variables"], **called))
        templates = _templates(body, slot)
        facts = facts_of(slot, body["language"])
        of_slot = _at(body.get("facts", {}), slot, {})
        variables = {**facts, **body["variables"], **of_slot, **called}
        pictures = tuple(Picture(**one) for one in _at(body.get("pictures", {}), slot, ()))
        buttons = tuple(Button(**one) for one in _at(body.get("buttons", {}), slot, ()))
    except _WRONG_SHAPES as wrong:
        raise _broken(wrong) from wrong
    if not templates:
        raise SlotUnwritten(slot=slot)
    return Content(render(_one_of(templates, variant), **variables), pictures, buttons)


_WRONG_SHAPES = (AttributeError, IndexError, KeyError, TypeError)


def _broken(wrong: Exception) -> BodyBroken:
    return BodyBroken(reason=f"{type(wrong).__name__} {wrong}")


def _names(count: int) -> tuple[str, ...]:
    """The names of so many variants."""
    return tuple(ascii_lowercase[:count])


def _contents(body: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The variants of a manager's own words, as the documents of contents."""
    contents = body["contents"] if "contents" in body else [body["content"]]
    return list(contents)


def _templates(body: Mapping[str, Any], slot: str) -> Sequence[str]:
    """The variants of a slot's template."""
    return _listed(_at(body["templates"], slot, ()))


def _listed(texts: str | Sequence[str]) -> Sequence[str]:
    """One text or several, as several."""
    return [texts] if isinstance(texts, str) else list(texts)


def _at(table: Mapping[str, Any], slot: str, otherwise: Any) -> Any:
    """What a part of a body says of a slot, else of its topic."""
    return table.get(slot, table.get(topic_of(slot), otherwise))


def _one_of(variants: Sequence[Any], variant: str | None) -> Any:
    """The variant of this name."""
    names = _names(len(variants))
    return variants[names.index(variant) if variant in names else 0]
