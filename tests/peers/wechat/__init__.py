"""A Wechaty gateway in Node with a world of its own, as the tests drive it."""
