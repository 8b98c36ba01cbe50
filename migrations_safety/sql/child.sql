-- where_it_is: the database that is reached, and the token that only the scratch has
SELECT current_database(), (SELECT token FROM migrations_safety_scratch.marker)
