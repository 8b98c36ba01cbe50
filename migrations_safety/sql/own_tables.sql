-- path_and_schema: the search path, and the schema that new tables are made in
SELECT current_setting('search_path'), current_schema()::text

-- put_path_back: sets the search path again where it leads to another schema now
SELECT set_config('search_path', %(path)s, false) WHERE current_schema() IS DISTINCT FROM %(schema)s

-- own_relations: what stands in the current schema
SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema()
