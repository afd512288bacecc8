"""What integrators test with: contract suites that any driver, channel or desk must pass."""
