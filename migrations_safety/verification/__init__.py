"""The story of `verify_schema` and of its presets."""
