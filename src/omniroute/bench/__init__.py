"""What we do, measured beside the floor it stands on: ``make bench``.

Each row pairs a figure of ours with that of the least that could do the same: bare SQLite, a bare
SMTP handler, a bare endpoint, bare heaps.  Both are measured in turn in one run, so that a machine
that is busy with something else slows both alike, and the ratio is what to look at.
`docs/explanation/performance.md` says what each row means.
"""
