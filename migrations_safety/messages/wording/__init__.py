"""The wording of the findings, one module per area."""
