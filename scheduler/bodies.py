"""What a content version says: its body as a document, and the message it makes for one slot.

A body is one of three kinds. A manager's own words to groups are kept as they are and never read
as a template: `{"content": {...}}`. Those to people in private may call them by name, so their text
is a template: `{"content": {...}, "variables": {...}}`. A programme's words are templates with the
variables that were approved with them, in one language: `{"templates": {TOPIC: TEXT}, "variables":
{...}, "language": "zh"}`. What the slot tells (the days left, the festival), and the name of the
group or the fan, are filled in when it goes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from scheduler.content import Content
from scheduler.programme import facts_of, topic_of
from scheduler.templates import render
from storage.errors import SchedulingError


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
    templates: Mapping[str, str], variables: Mapping[str, str], language: str
) -> dict[str, Any]:
    """A body that renders the template of each slot's topic (see `programme.topic_of`)."""
    return {"templates": dict(templates), "variables": dict(variables), "language": language}


def is_literal(body: Mapping[str, Any]) -> bool:
    """Whether a body says the same at every slot: a manager's own words."""
    return "content" in body


def is_personal(body: Mapping[str, Any]) -> bool:
    """Whether a body is a manager's own words to people, each called by name."""
    return is_literal(body) and "variables" in body


def reworded(body: Mapping[str, Any], text: str) -> dict[str, Any]:
    """The same kind of body with this text: word for word, or as the template of every slot.

    Pictures, buttons and variables stay as they are; whom the old words called by name do not.

    Raises:
        BodyBroken: the body has none of the three shapes.
    """
    try:
        if is_literal(body):
            kept = {name: part for name, part in body["content"].items() if name != "mentions"}
            return {**body, "content": {**kept, "text": text}}
        return {**body, "templates": dict.fromkeys(body["templates"], text)}
    except (AttributeError, KeyError, TypeError) as wrong:
        raise BodyBroken(reason=f"{type(wrong).__name__} {wrong}") from wrong


def content_of(
    body: Mapping[str, Any], slot: str, name: str, *, in_private: bool = False
) -> Content:
    """The message for one slot in the group of this name, or `in_private` to the fan.

    Raises:
        SlotUnwritten: there are no words for the slot.
        BodyBroken: the body has another shape, as an older or newer release may have written it.
        SchedulingError: the template is wrong.
    """
    try:
        called = {"fan": name} if in_private else {"group": name}
        if is_literal(body):
            content = Content.from_json(body["content"])
            if not is_personal(body):
                return content
            return replace(content, text=render(content.text, **body["variables"], **called))
        template = body["templates"].get(topic_of(slot))
        variables = {**facts_of(slot, body["language"]), **body["variables"], **called}
    except (AttributeError, KeyError, TypeError) as wrong:
        raise BodyBroken(reason=f"{type(wrong).__name__} {wrong}") from wrong
    if template is None:
        raise SlotUnwritten(slot=slot)
    return Content(render(template, **variables))
