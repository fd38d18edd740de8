"""The project's own Telegram: a double of the Bot API server, and what is put before it.

- `schema.py` checks requests and answers against the JSON Schema of Bot API 10.3 (`schema.json`).
- `calls.py` reads what a bot sent out of HTTP.
- `world.py` holds the chats, people and messages; `forms.py` writes them as the API does.
- `people.py` lets people live there, `methods.py` lets bots act there, with `speaking.py` for what
  they say and `whereabouts.py` for the chats they may reach; `inbox.py` keeps what happened until
  a bot has heard it.
- `limits.py` counts calls as they arrive; `refusals.py` are the platform's ways to say no.
- `server.py` serves all that over HTTP on this machine, and `webhooks.py` calls the bots.
- `proxy.py` stands between a bot and a server, this one or another: it notes what passes, and
  spoils it where a test asks for that.
- `emulator.py` runs another hand's Bot API server, `lo-bot-api-emulator`.
- `settings.py` is the configuration of a bot that talks to one of them.

What the double knows of the real platform is in its reference, https://core.telegram.org/bots/api;
where a fact is not written there, its source stands beside it. Known to differ: every chat numbers
its messages by itself, files are kept in memory, and the limits are as strict as they are
published, with no bursts.
"""
