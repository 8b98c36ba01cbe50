"""Says after a deploy that failed or was killed where the database stands, and which commands come next."""
