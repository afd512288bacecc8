"""A real, tested, minimal plugin, and how `omniroute channel new` makes another one of it.

What is copied lies in ``plugin/``: a channel for an invented platform that calls us by signed
requests and is answered by others.  It passes its own tests, the conformance kit, mypy and ruff
here, under the name “example”, as it does under any other.
"""
