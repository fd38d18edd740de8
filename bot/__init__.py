"""Floor 5: the running bot. Configuration, channels, console, command line, wiring."""
