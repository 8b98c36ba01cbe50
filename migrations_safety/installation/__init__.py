"""Which app's command Django takes, where several apps bring one of the same name."""
