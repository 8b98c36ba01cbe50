-- search_path: the present search path
SELECT current_setting('search_path')

-- set_search_path: sets the search path for the rest of the transaction
SELECT set_config('search_path', %(path)s, true)
