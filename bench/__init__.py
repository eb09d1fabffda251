"""The benchmarks: what the README's performance table is made of. Run them by `make bench`."""
