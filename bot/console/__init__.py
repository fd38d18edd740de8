"""The console: pages for signed-in managers, beside the room's own page."""

ACCOUNTS_PATH = "/accounts"
"""Where the accounts' page is, on the room's own address."""
