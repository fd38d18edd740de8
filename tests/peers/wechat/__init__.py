"""A Wechaty gateway in Node with a world of its own, as the tests drive it.

- `gateway.mjs` is the gateway: the real server, before the puppet of `puppet.mjs`, which needs no
  WeChat; `control.mjs` is what can be made to happen there.
- `gateway.py` runs it, `packages.py` installs what it is made of (`package.json`).
- `wire.py` stands between a bot and a gateway, and can be cut, reset or silenced.
- `settings.py` is the configuration of a bot that talks to gateways.

Known to differ from WeChat: it never refuses by itself, nobody is asked before they are brought
into a room, and whatever was said can be taken back at any time.
"""
