"""The `/help` command: the topics, one topic's commands, or one command."""

from __future__ import annotations

from handlers.arguments import Rest
from handlers.desk import Asked, Desk
from handlers.help_topics import FANS_TOPIC, Topic, topic_called, topics_for
from handlers.registry import REGISTRY, Command, command
from handlers.replies import Replies, reply
from handlers.roles import Role


@command("help", "帮助", Role.FAN, "看我会做什么", "/help 我的信息")
async def help_(desk: Desk, asked: Asked, about: Rest | None = None) -> Replies:
    """Show what the asker may use: as topics, as one topic's commands, or as one command."""
    if about is None:
        text = _overview(desk, asked.role)
    else:
        unknown = f"{desk.say('没有这个命令。')}\n{_overview(desk, asked.role)}"
        text = _asked_about(desk, about.text.strip(), asked.role) or unknown
    yield reply(text, private=asked.role is Role.MANAGER)


def _asked_about(desk: Desk, text: str, role: Role) -> str | None:
    found = REGISTRY.find(text)
    if found is not None and role >= found.role:
        return _explained(desk, found)
    topic = topic_called(text, role, desk.say)
    if topic is None:
        return None
    return _listed(desk, desk.say("{topic}：", topic=desk.say(topic.title)), topic)


def _overview(desk: Desk, role: Role) -> str:
    title = desk.say("我是{shop}的群助手，会做这些：", shop=desk.shop.name)
    if role < Role.MANAGER:
        return _listed(desk, title, FANS_TOPIC)
    lines = [
        desk.say(
            "{number} {topic}：{words}",
            number=number,
            topic=desk.say(topic.title),
            words=" ".join(f"/{_word(desk, one)}" for one in topic.commands()),
        )
        for number, topic in enumerate(topics_for(role), start=1)
    ]
    hint = desk.say("看一类怎么用，发 /help 加编号，例如 /help 1；看一个命令，例如 /help tag。")
    return "\n".join([title, *lines, hint])


def _listed(desk: Desk, title: str, topic: Topic) -> str:
    lines = [
        desk.say("{words}：{summary}", words=_words(desk, one), summary=desk.say(one.summary))
        for one in topic.commands()
    ]
    hint = desk.say(
        "想看某个命令怎么用，发 /help 加命令名，例如 /help {name}。", name=topic.names[0]
    )
    return "\n".join([title, *lines, hint])


def _explained(desk: Desk, one: Command) -> str:
    return desk.say(
        "{usage}\n{words}：{summary}\n例如：{example}",
        usage=one.usage(desk.say),
        words=_words(desk, one),
        summary=desk.say(one.summary),
        example=desk.say(one.example),
    )


def _words(desk: Desk, one: Command) -> str:
    """The words that call a command; the Chinese one only where Chinese is spoken."""
    return f"/{one.name} {one.alias}" if desk.shop.language == "zh" else f"/{one.name}"


def _word(desk: Desk, one: Command) -> str:
    return one.alias if desk.shop.language == "zh" else one.name
