"""Where the journal and the rows are kept: one contract (`api`), one model (`memory`), drivers.

A store is dumb on purpose: it orders keys, chains records and swaps a head.  What a key or a record
means is known elsewhere.  Every driver passes `omniroute.testing.store_contract`.
"""
