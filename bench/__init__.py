"""The benchmarks: what the README's performance table is made of. `make bench`, or `python -m bench [GLOB...]`."""
