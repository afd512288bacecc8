"""How the journal's events become tables that pages and searches are answered from.

Each module folds the events of one subject; `fold` holds what they share.  Nothing here decides:
whatever is written follows from an event or from a private row.
"""
