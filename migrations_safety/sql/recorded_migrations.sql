-- record: the name of the record of migrations, where the search path finds it
SELECT relname FROM pg_class WHERE oid = to_regclass('django_migrations')
