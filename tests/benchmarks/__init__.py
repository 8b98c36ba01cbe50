"""Benchmarks: figures of docs/performance.md, each with the command that produces it."""
