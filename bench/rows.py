"""All rows of the table, in its order."""

from collections.abc import Sequence

from bench import arrival, audit, intake, memory, pages, public
from bench.table import Row

ROWS: Sequence[Row] = (*intake.ROWS, *arrival.ROWS, *pages.ROWS, *memory.ROWS, *public.ROWS, *audit.ROWS)
