-- may_read: whether the role may read which cluster this is
SELECT has_function_privilege('pg_control_system()', 'EXECUTE')

-- cluster: which cluster this is, from its control file
SELECT system_identifier::text FROM pg_control_system()

-- database: the oid, the name and the comment of this database
SELECT oid::bigint, datname, coalesce(shobj_description(oid, 'pg_database'), '')
FROM pg_database WHERE datname = current_database()
