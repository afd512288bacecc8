"""``python -m omniroute``."""

from omniroute.cli import main

main()
