-- server: whether a copy could be made on this server, and where its disk is if the role may know it
SELECT rolcreatedb OR rolsuper AS may_create, rolsuper AS is_superuser, pg_is_in_recovery() AS in_recovery,
       CASE WHEN pg_has_role('pg_read_all_settings', 'USAGE')
            THEN current_setting('data_directory') END AS data_folder,
       pg_database_size(current_database()) AS bytes,
       (SELECT oid || ' of ' || extract(epoch FROM pg_postmaster_start_time())
        FROM pg_database WHERE datname = current_database()) AS identity
FROM pg_roles WHERE rolname = current_user

-- extensions: those of this database, and whether something that is no part of them or of their parts needs them
WITH parts AS (
    SELECT classid, objid, refobjid AS extension FROM pg_depend
    WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
), inner_parts AS (
    SELECT d.classid, d.objid FROM pg_depend AS d
    JOIN parts AS p ON p.classid = d.refclassid AND p.objid = d.refobjid WHERE d.deptype IN ('i', 'a')
)
SELECT e.extname AS name, EXISTS (
    SELECT FROM parts AS p
    JOIN pg_depend AS d ON d.refclassid = p.classid AND d.refobjid = p.objid AND d.deptype = 'n'
    WHERE p.extension = e.oid AND (d.classid, d.objid) NOT IN (SELECT classid, objid FROM parts)
      AND (d.classid, d.objid) NOT IN (SELECT classid, objid FROM inner_parts)
) AS is_needed
FROM pg_extension AS e WHERE e.extname <> 'plpgsql'

-- available: the extensions that the role may create on the server of a restore test
SELECT DISTINCT name FROM pg_available_extension_versions
WHERE trusted OR NOT superuser OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)

-- policy_roles: the roles that policies name, which a restore needs
SELECT DISTINCT r.rolname FROM pg_policy AS p, unnest(p.polroles) AS u (oid) JOIN pg_roles AS r ON r.oid = u.oid

-- make_role: one of them on a server of our own, where it may do nothing
CREATE ROLE {role} NOLOGIN
