"""The tests of the channel to Telegram."""
