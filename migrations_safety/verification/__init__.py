"""What `verify_schema` does, and the commands that verify one registered schema."""
