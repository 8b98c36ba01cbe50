-- server: whether a copy could be made on this server, and where its disk is if the role may know it
SELECT rolcreatedb OR rolsuper AS may_create, rolsuper AS is_superuser, pg_is_in_recovery() AS in_recovery,
       CASE WHEN pg_has_role('pg_read_all_settings', 'USAGE')
            THEN current_setting('data_directory') END AS data_folder,
       pg_database_size(current_database()) AS bytes,
       (SELECT oid || ' of ' || extract(epoch FROM pg_postmaster_start_time())
        FROM pg_database WHERE datname = current_database()) AS identity
FROM pg_roles WHERE rolname = current_user

-- available: the extensions that the role may create on the server of a restore test
SELECT DISTINCT name FROM pg_available_extension_versions
WHERE trusted OR NOT superuser OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)

-- roles: all of the server of a restore test
SELECT rolname FROM pg_roles

-- collations: those that every new database of the server has
SELECT DISTINCT collname::text FROM pg_collation WHERE collnamespace = 'pg_catalog'::regnamespace

-- is_superuser: whether the restore runs as one
SELECT rolsuper FROM pg_roles WHERE rolname = current_user

-- make_role: a role that a policy names, on a server of our own, where it may do nothing
CREATE ROLE {role} NOLOGIN

-- make_restorer: the role that restores there
CREATE ROLE {role} LOGIN BYPASSRLS

-- give: lets that role own the copy
ALTER DATABASE {name} OWNER TO {role}

-- schemas: statements that give it the schemas that were restored first
SELECT format('ALTER SCHEMA %%I OWNER TO %%I', n.nspname, %(role)s::text) FROM pg_namespace AS n
WHERE n.oid >= 16384 AND n.nspname !~ '^pg_'
  AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid
                                               AND d.deptype = 'e')

-- parts_of_schemas: statements that let it work in the schemas of extensions
SELECT format('GRANT ALL ON SCHEMA %%I TO %%I', n.nspname, %(role)s::text)
FROM pg_namespace AS n JOIN pg_depend AS d ON d.classid = 'pg_namespace'::regclass AND d.objid = n.oid
WHERE d.deptype = 'e'

-- parts: statements that let it fill and reference the tables of extensions
SELECT format('GRANT ALL ON %%s %%s TO %%I', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
              c.oid::regclass, %(role)s::text)
FROM pg_class AS c JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
WHERE d.deptype = 'e' AND c.relkind IN ('r', 'p', 'S', 'v', 'm')
