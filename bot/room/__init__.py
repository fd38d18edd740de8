"""The embedded room: a small chat platform of its own, with groups, fans, managers and a bot.

The bot meets it through a channel like any other (`bot/channels/room.py`). From the inside out:

    values      what there is in the room: people, groups, messages, events
    book        the room's memory, an SQLite file of its own
    room        the live platform: who may do what, and who hears of it
    frames      the values as JSON, for the door
    deeds       what a program may ask of the room
    door        the JSON WebSocket for programs
    connection  the two ways for a program to be in the room
    page        the room in a browser
    server      all of it on one port, inside the bot's process or as one of its own
"""
