"""A small believable desk: people who do not exist, three days of history, colleagues at work."""
