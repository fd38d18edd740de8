"""The guided form: reading answers, and leading through its steps."""
