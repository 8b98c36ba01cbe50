"""Compares what the models declare with what the catalog has, by definition; one module per kind of object."""
