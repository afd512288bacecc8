"""The shell around the core: it spools, steps, commits, delivers, retries and keeps time."""
