"""Who is who in the room: names, and the tokens that prove them.

A token is 256 random bits; the book keeps only its SHA-256. A fan gets one for a nickname, a
manager for a link that works once, the bot when its first session is prepared. Expiry always
means real time, never the room's clock: a simulated day must not sign anybody out.
"""

from __future__ import annotations

import hashlib
import secrets
import time
import unicodedata

import sqlalchemy as sa

from bot.room.book import Beginning, Book, people, tokens
from bot.room.errors import Reason, Refused
from bot.room.values import NAME_LENGTH, Person, Role

SESSION_LIFE = 180 * 86_400.0  # seconds a fan or manager stays signed in
LINK_LIFE = 24 * 3_600.0  # seconds a manager's link waits to be used
_ID_PREFIX = {Role.FAN: "p", Role.MANAGER: "m", Role.BOT: "b"}

_ADD_PERSON = sa.insert(people)
_ADD_TOKEN = sa.insert(tokens)
_FORGET_TOKEN = sa.delete(tokens).where(tokens.c.digest == sa.bindparam("which"))


def clean_name(name: str) -> str:
    """The name as it is shown: one line, no edges, no invisible characters.

    Raises:
        Refused: nothing is left, or it is longer than 24 characters.
    """
    visible = "".join(
        " " if character.isspace() else character
        for character in unicodedata.normalize("NFC", name)
        if character.isspace() or unicodedata.category(character)[0] != "C"
    )
    cleaned = " ".join(visible.replace("@", "").split())
    if not cleaned or len(cleaned) > NAME_LENGTH:
        raise Refused(Reason.BAD_NAME, f"a name has 1 to {NAME_LENGTH} characters")
    return cleaned


def _folded(name: str) -> str:
    """What two names must not share: the same letters in another width or case look alike."""
    return unicodedata.normalize("NFKC", name).casefold()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class Directory:
    """The people of the room."""

    def __init__(self, book: Book, beginning: Beginning) -> None:
        self._book = book
        self._people = dict(beginning.people)
        self._by_name = {_folded(person.name): person for person in self._people.values()}
        self._tokens = dict(beginning.tokens)
        self._links: dict[str, float] = {}  # digest → end of life; a restart voids them all

    def person(self, identity: str) -> Person | None:
        """Somebody by id."""
        return self._people.get(identity)

    def named(self, name: str) -> Person | None:
        """Somebody by name, in whatever case or width it is written."""
        return self._by_name.get(_folded(name))

    def owner(self, token: str) -> Person | None:
        """Whose token this is; None if it is nobody's, or has expired."""
        person, expires = self._tokens.get(_digest(token), ("", 0.0))
        return self._people.get(person) if expires > time.time() else None

    async def enter(self, nickname: str) -> tuple[Person, str]:
        """A new fan, and the token that proves them from now on.

        Raises:
            Refused: the name is not one, or is taken.
        """
        return await self._admit(nickname, Role.FAN)

    def new_link(self) -> str:
        """A one-time token with which somebody becomes a manager within a day."""
        token = secrets.token_urlsafe(32)
        self._links[_digest(token)] = time.time() + LINK_LIFE
        return token

    def link_is_good(self, link: str) -> bool:
        """Whether a manager's link can still be used."""
        return self._links.get(_digest(link), 0.0) > time.time()

    async def sign_in(self, link: str, nickname: str) -> tuple[Person, str]:
        """A manager, by a one-time link: a new one, or the one who already has this name.

        Raises:
            Refused: the link was used or is too old, the name is not one, or is a fan's.
        """
        if not self.link_is_good(link):
            raise Refused(Reason.LINK_USED, "this link has been used or has expired")
        known = self.named(clean_name(nickname))
        if known is not None and known.role is Role.MANAGER:
            del self._links[_digest(link)]
            return known, await self.new_token(known)
        self._check_free(clean_name(nickname))
        del self._links[_digest(link)]
        return await self._admit(nickname, Role.MANAGER)

    async def admit_bot(self, name: str) -> Person:
        """The room's bot: made at the first start, with a token only when one is asked for.

        Raises:
            Refused: the name is not one, or is taken.
        """
        person = self._new_person(name, Role.BOT)
        await self._book.write((_ADD_PERSON, _row(person)))
        return person

    async def new_token(self, person: Person, life: float = SESSION_LIFE) -> str:
        """Another token for somebody, for `life` seconds from now."""
        token = secrets.token_urlsafe(32)
        digest, expires = _digest(token), time.time() + life
        self._tokens[digest] = (person.id, expires)
        await self._book.write(
            (_ADD_TOKEN, {"digest": digest, "person_id": person.id, "expires": expires})
        )
        return token

    async def sign_out(self, token: str) -> None:
        """Forget one token; whoever held it is signed out."""
        digest = _digest(token)
        if self._tokens.pop(digest, None) is not None:
            await self._book.write((_FORGET_TOKEN, {"which": digest}))

    async def _admit(self, name: str, role: Role) -> tuple[Person, str]:
        person = self._new_person(name, role)
        await self._book.write((_ADD_PERSON, _row(person)))
        return person, await self.new_token(person)

    def _check_free(self, name: str) -> None:
        if self.named(name) is not None:
            raise Refused(Reason.NAME_TAKEN, f"somebody here is called {name} already")

    def _new_person(self, name: str, role: Role) -> Person:
        name = clean_name(name)
        self._check_free(name)
        person = Person(f"{_ID_PREFIX[role]}{len(self._people) + 1}", name, role)
        self._people[person.id] = self._by_name[_folded(name)] = person
        return person


def _row(person: Person) -> dict[str, str]:
    return {"id": person.id, "name": person.name, "role": person.role.value}
