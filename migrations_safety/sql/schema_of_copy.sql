-- set_search_path: names are printed as on the original
SELECT set_config('search_path', %(path)s, false)
