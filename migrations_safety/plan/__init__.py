"""What `migrate` would do, and the tables that it touches as they are now."""
