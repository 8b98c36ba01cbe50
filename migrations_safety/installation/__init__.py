"""Which app's management command Django runs, where several apps have a command of the same name."""
