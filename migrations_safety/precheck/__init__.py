"""The story of `precheck`."""
