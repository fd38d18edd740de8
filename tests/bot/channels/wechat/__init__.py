"""The WeChat channel's rooms, and all of them before a real gateway."""
