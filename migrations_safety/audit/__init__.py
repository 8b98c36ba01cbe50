"""The record of runs: how it is written, and how it is read again."""
