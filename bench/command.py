"""`python -m bench.command WORDS` is `madoguchi WORDS`, wherever the environment was made."""

from madoguchi.config.command import main

main()
