"""The wording of the findings, with one module for each area; each function returns one Finding."""
