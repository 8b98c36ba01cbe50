"""The patient module: the missing centre that the hospital's records point at."""
