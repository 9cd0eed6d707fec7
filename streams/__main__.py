"""`python -m streams` is `headrace`."""

from streams.cli import main

main()
