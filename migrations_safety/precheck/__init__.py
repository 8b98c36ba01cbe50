"""What the command `precheck` does: it checks whether `migrate` would be safe."""
