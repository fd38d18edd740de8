"""The channel to WeChat through a Wechaty gateway. Imported only where an account is configured."""
