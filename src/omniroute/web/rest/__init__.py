"""The API for other people's programs, under ``/api/v1``: described, with tokens, kept stable.

Each operation is a function that is given a `Call` and what it takes, and returns what it answers;
its signature is read for both, so that what reads a request, what is described and what the
documentation says are one.  All of them go through the one door, as the pages do.
"""
