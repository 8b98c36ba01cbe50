"""The same fifteen keys as a plain Django app declares them: for the benchmark, and for nothing else."""
