"""The channels: one room for each platform the bot can live on."""
