"""The composition root: everything put together, served, and stopped in order."""
