"""What can go wrong with the room, from refusals of one wish to a port that is taken."""

from __future__ import annotations

from enum import StrEnum

from storage.errors import RunningError


class Reason(StrEnum):
    """Why the room refuses something: a code for programs; `Refused` carries the sentence."""

    NOT_SIGNED_IN = "not_signed_in"
    NOT_ALLOWED = "not_allowed"
    NO_SUCH_GROUP = "no_such_group"
    NO_SUCH_PERSON = "no_such_person"
    NO_SUCH_MESSAGE = "no_such_message"
    NO_SUCH_BUTTON = "no_such_button"
    NO_SUCH_PICTURE = "no_such_picture"
    NOT_IN_GROUP = "not_in_group"
    NAME_TAKEN = "name_taken"
    BAD_NAME = "bad_name"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    TOO_BIG = "too_big"
    NOT_A_PICTURE = "not_a_picture"
    LINK_USED = "link_used"
    BAD_FRAME = "bad_frame"


class Refused(RunningError):
    """The room did not do what was asked, and nothing was changed."""

    number = 520
    sentence = "The room refused: {text}."
    mend = "Correct the request; the same one will be refused again."

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(reason=reason, text=text)
        self.reason = reason
        self.text = text


class RoomPortInUse(RunningError):
    """Another program listens on the room's port."""

    number = 521
    sentence = "The room's address {host}:{port} is already in use."
    mend = "Stop the other program, or give the room another port."


class RoomFileUnreadable(RunningError):
    """The room's file cannot be opened as one of ours."""

    number = 522
    sentence = "The room's file {place} cannot be read: {reason}."
    mend = "Check the path and its permissions, or move the file away to start an empty room."


class RoomFileUnwritable(RunningError):
    """A write to the room's file failed; the room stops so that nothing is half remembered."""

    number = 523
    sentence = "The room's file {place} could not be written: {reason}."
    mend = "Free some space or mend the disk, then start the room again."


class RoomUnreachable(RunningError):
    """The room's door does not answer."""

    number = 524
    sentence = "The room at {url} cannot be reached: {reason}."
    mend = "Start the room first (python -m bot.room), and check its address."


class RoomAccountTaken(RunningError):
    """Another bot has signed in with the same account, which ends this one's session."""

    number = 525
    sentence = "Another bot has taken this account's place in the room at {url}."
    mend = "Run one bot for each account."


class RoomCallNotSent(RunningError):
    """The call certainly did not reach the room."""

    number = 526
    sentence = "Nothing was sent to the room: {reason}."
    mend = "Try again once the room is back."


class RoomAnswerLost(RunningError):
    """The call may or may not have been carried out: its answer was lost."""

    number = 527
    sentence = "The room's answer was lost: {reason}."
    mend = "Look the delivery key up before trying again."


class RoomAddressRefused(RunningError):
    """The room's host or port is not one this machine can listen on."""

    number = 528
    sentence = "The room cannot listen on {host}:{port}: {reason}."
    mend = "Use 127.0.0.1 and a port between 1024 and 65535."
