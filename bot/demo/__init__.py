"""The demo: a sample shop, what its fans say over twelve days, and what is commanded."""
