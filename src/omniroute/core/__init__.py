"""The core: `decide` and `evolve`, pure.  Nothing here does I/O, reads a clock or logs."""
