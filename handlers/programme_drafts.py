"""The campaigns that a programme's plan makes: one in all groups, one for each task with its own.

A draft is compared with what stands before anything is proposed. What a manager has changed for
this year only, a text or a moment, is kept: the body knows which slots were `rewritten`, the
schedule which were `moved`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from handlers.arguments import Groups, Unreadable
from handlers.audiences import Chosen
from handlers.desk import Desk
from handlers.programme_files import title_of
from scheduler.bodies import template_body
from scheduler.priorities import Priority
from scheduler.programme_parts import COUNTDOWN, Programme
from scheduler.programme_plan import ProgrammePlan, ProgrammePost, campaign_key
from scheduler.schedule_json import schedule_to_json
from scheduler.schedules import Dated
from scheduler.templates import COUPON, variables_of
from scheduler.trial_plan import still_tested
from storage.audiences import Audience, resolve
from storage.campaigns import StoredCampaign
from storage.groups import Group
from storage.saved_segments import pinned
from storage.segments import Segment

REWRITTEN = "rewritten"
"""The part of a body that names the slots whose words a manager has changed for this year."""
_DRAWN = ("product", "node", "node_at", "node_days", "days")
_DAYS = ("days", "node_days")  # how many are left when a slot goes out


@dataclass(frozen=True, slots=True)
class Draft:
    """A campaign as the plan wants it; `groups` are those that its audience comes to now.

    `counting` are the slots that have a picture drawn, `bare` those of them whose picture could not
    be drawn, or may not be said: they go without.
    """

    key: str
    name: str
    schedule: Mapping[str, Any]
    body: Mapping[str, Any]
    audience: Audience
    groups: tuple[Group, ...]
    valid_for: timedelta
    counting: tuple[str, ...] = ()
    bare: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drafts:
    """All campaigns of a plan, and the names of the tasks that no group or person is for."""

    campaigns: tuple[Draft, ...]
    for_nobody: tuple[str, ...] = ()


async def drafts_of(
    desk: Desk,
    connection: AsyncConnection,
    programme: Programme,
    plan: ProgrammePlan,
    chosen: Chosen,
) -> Drafts:
    """What a plan makes for these groups. Posts that hang on an expected date are left out.

    Raises:
        StorageError: the audience of a task is none that the segment language knows.
    """
    by_key: dict[str, list[ProgrammePost]] = {}
    for post in plan.posts:
        if not post.provisional:
            by_key.setdefault(campaign_key(plan, post), []).append(post)
    made, for_nobody = [], []
    for key, posts in by_key.items():
        first = posts[0]
        name = title_of(programme, desk.shop, plan.year)
        task = first.name.get(desk.shop.language, first.name["zh"])
        audience, groups = await _whom(desk, connection, chosen, first)
        if not groups:
            for_nobody.append(task)
            continue
        made.append(
            Draft(
                key=key,
                name=f"{name} · {task}" if first.own else name,
                schedule=_schedule(posts),
                body=body_of(desk, posts),
                audience=audience,
                groups=groups,
                valid_for=programme.valid_for,
                counting=tuple(one.slot for one in posts if one.picture == COUNTDOWN),
            )
        )
    return Drafts(tuple(made), tuple(dict.fromkeys(for_nobody)))


async def _whom(
    desk: Desk, connection: AsyncConnection, chosen: Chosen, post: ProgrammePost
) -> tuple[Audience, tuple[Group, ...]]:
    """Whom a post is for among the chosen groups."""
    audience, groups = chosen.audience, chosen.groups
    if post.groups is not None:
        try:
            narrowed, _ = Groups.read(post.groups)
        except Unreadable:
            return audience, ()
        found = await resolve(connection, desk.shop_id, narrowed.audience or Audience())
        meant = {group.id for group in found.groups}
        groups = tuple(group for group in groups if group.id in meant)
        taken = tuple(sorted({group.id for group in groups}))
        audience = Audience(taken=taken, written=post.groups)
    if post.audience is not None:
        # Held as it is approved: saved segments by what they ask now, groups by their ids.
        segment = await pinned(connection, desk.shop_id, Segment.parse(post.audience))
        audience = replace(audience, segment=segment, written=post.audience)
    return audience, groups


class _Hole(str):
    """The name of a fact that nobody has told: it is read, and yet counts as nothing told."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False


def with_holes(draft: Draft, names: Mapping[str, str]) -> Draft:
    """The draft as it is looked at: where a fact is unknown, its name stands in the words.

    `names` are what stands for each fact. What is said only where one is known stays unsaid.
    """
    facts = {
        slot: {
            name: _Hole(names[name]) if value == "" and name in names else value
            for name, value in each.items()
        }
        for slot, each in draft.body.get("facts", {}).items()
    }
    return replace(draft, body={**draft.body, "facts": facts})


def _schedule(posts: Iterable[ProgrammePost]) -> dict[str, Any]:
    return schedule_to_json(Dated(tuple(one.moment for one in posts)))


def body_of(desk: Desk, posts: Sequence[ProgrammePost]) -> dict[str, Any]:
    """What these posts of one campaign say, as a content version keeps it."""
    language = desk.shop.language
    templates = {
        post.slot: _one_or_several(post.texts.get(language, post.texts["zh"])) for post in posts
    }
    body = template_body(templates, desk.shop.variables, language)
    facts = {post.slot: dict(post.facts) for post in posts if post.facts}
    buttons = {
        post.slot: [
            {"label": one.label.get(language, one.label["zh"]), "says": one.says}
            for one in post.buttons
        ]
        for post in posts
        if post.buttons
    }
    pictures = {
        post.slot: [{"source": post.picture, "caption": ""}]
        for post in posts
        if post.picture not in (None, COUNTDOWN)
    }
    parts = {"facts": facts, "buttons": buttons, "pictures": pictures}
    body |= {name: part for name, part in parts.items() if part}
    if posts[0].audience is not None:
        body["in_private"] = True
        body |= _batch_of(body)
    return body


def _batch_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """The batch that the shop named as the fact `coupon`, where the words give its codes."""
    named = [str(facts[COUPON]) for facts in used_facts(body).values() if facts.get(COUPON)]
    if not named:
        return {}
    kept = {
        slot: {name: value for name, value in each.items() if name != COUPON}
        for slot, each in body["facts"].items()
    }
    return {COUPON: named[0], "facts": kept}


def used_facts(body: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Slot → the facts that its words ask for: others may change without changing what is said."""
    facts = body.get("facts", {})
    return {
        slot: {
            name: value for name, value in facts.get(slot, {}).items() if name in _asked_for(texts)
        }
        for slot, texts in body["templates"].items()
    }


def _asked_for(texts: str | Sequence[str]) -> frozenset[str]:
    every = [texts] if isinstance(texts, str) else texts
    return frozenset[str]().union(*map(variables_of, every))


def _one_or_several(variants: Sequence[str]) -> str | list[str]:
    return variants[0] if len(variants) == 1 else list(variants)


def marked(body: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a programme's campaign, which knows what in it a manager has reworded just now.

    One that has no words of its own for each slot is left as it is.
    """
    if "templates" not in body or "templates" not in before:
        return dict(body)
    changed = [
        slot for slot, texts in body["templates"].items() if before["templates"].get(slot) != texts
    ]
    rewritten = list(dict.fromkeys([*before.get(REWRITTEN, ()), *changed]))
    return {**body, REWRITTEN: rewritten} if rewritten else dict(body)


def with_changes(draft: Draft, standing: StoredCampaign, said: Mapping[str, Any]) -> Draft:
    """The draft with what a manager changed in what stands, whose body is `said`.

    What a manager let pass was the words as they were: see `campaign_wording.still_passed`.
    """
    rewritten = [slot for slot in said.get(REWRITTEN, ()) if slot in draft.body["templates"]]
    body = dict(draft.body)
    if rewritten:
        kept = {slot: said["templates"][slot] for slot in rewritten}
        body["templates"] = {**body["templates"], **kept}
        body[REWRITTEN] = rewritten
    if rewritten and COUPON in said:
        body.setdefault(COUPON, said[COUPON])
    if "test" in said:
        body = still_tested({**body, "test": said["test"]})
    schedule = dict(draft.schedule)
    if moved := standing.schedule.get("moved"):
        schedule |= {"skipped": [], "moved": moved}
        planned = {one["slot"]: one["at"] for one in schedule["moments"]}
        for slot, to in moved.items():
            if slot in planned:
                before, after = map(datetime.fromisoformat, (planned[slot], to))
                body = says_then(body, slot, (after.date() - before.date()).days)
    return replace(draft, body=body, schedule=schedule)


def new_words(body: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """What of a body was not said before, as a body of its own; its templates may be none."""
    now, before = used_facts(body), used_facts(said)
    as_before = body["variables"] == said["variables"]
    kept = {
        slot
        for slot, texts in body["templates"].items()
        if as_before
        and slot in before
        and texts == said["templates"][slot]
        and now[slot] == before[slot]
        and body.get("buttons", {}).get(slot) == said.get("buttons", {}).get(slot)
    }
    new = {slot: texts for slot, texts in body["templates"].items() if slot not in kept}
    parts = {name: part for name, part in body.items() if name != "overrides"}
    return {**parts, "templates": new}


def says_the_same(draft: Draft, before: StoredCampaign, said: Mapping[str, Any]) -> bool:
    """Whether a draft is what stands; of pictures that are drawn, what stands in them."""
    parts = (draft.body.keys() | said.keys()) - {"pictures", "facts"}
    return (
        all(draft.body.get(part) == said.get(part) for part in parts)
        and used_facts(draft.body) == used_facts(said)
        and in_pictures(draft.body, draft.counting) == in_pictures(said, draft.counting)
        and draft.schedule == _plain_schedule(before.schedule)
        and draft.audience.to_json() == before.audience.to_json()
    )


def in_pictures(body: Mapping[str, Any], slots: Iterable[str]) -> list[list[Any]]:
    """What the pictures of these slots are drawn from."""
    facts = body.get("facts", {})
    return [[facts.get(slot, {}).get(name) for name in _DRAWN] for slot in slots]


def _plain_schedule(schedule: Mapping[str, Any]) -> dict[str, Any]:
    """A schedule as a draft writes it: without changes where there are none."""
    plain = {name: part for name, part in schedule.items() if name not in ("skipped", "moved")}
    if moved := schedule.get("moved"):
        plain |= {"skipped": [], "moved": moved}
    return plain


def says_then(body: Mapping[str, Any], slot: str, days_later: int) -> dict[str, Any]:
    """The body of a slot that goes out so many days later: fewer days are left then, or none."""
    facts = body.get("facts", {})
    here = dict(facts.get(slot, {}))
    for name in _DAYS:
        if name in here:
            here[name] -= days_later
            if here[name] < 0:
                del here[name]
    return {**body, "facts": {**facts, slot: here}}


PRIORITY = Priority.CAMPAIGN
"""How urgent the posts of programmes are."""
