"""`python -m bench [GLOB...]`: prints one line for each row, and writes bench/results.json."""

import sys
from pathlib import Path

from bench.rows import ROWS
from bench.table import UnknownRowError, chosen, run

RESULTS = Path(__file__).parent / "results.json"


def main(globs: list[str]) -> int:
    """0 where every chosen row was measured, held or not; 1 where one could not be; 2 for an unknown name."""
    try:
        rows = chosen(ROWS, globs)
    except UnknownRowError as unknown:
        sys.stderr.write(f"{unknown}\n")
        return 2
    return 0 if run(rows, RESULTS) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
