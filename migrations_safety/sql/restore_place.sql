-- server: whether a copy could be made on this server, and where its disk is if the role may know it
SELECT rolcreatedb OR rolsuper AS may_create, rolsuper AS is_superuser, pg_is_in_recovery() AS in_recovery,
       CASE WHEN pg_has_role('pg_read_all_settings', 'USAGE')
            THEN current_setting('data_directory') END AS data_folder,
       pg_database_size(current_database()) AS bytes,
       (SELECT oid || ' of ' || extract(epoch FROM pg_postmaster_start_time())
        FROM pg_database WHERE datname = current_database()) AS identity
FROM pg_roles WHERE rolname = current_user

-- extensions: those of this database, and whether something that is no part of them needs them
SELECT e.extname AS name, EXISTS (
    SELECT FROM pg_depend AS member
    JOIN pg_depend AS d ON d.refclassid = member.classid AND d.refobjid = member.objid AND d.deptype <> 'e'
    WHERE member.refclassid = 'pg_extension'::regclass AND member.refobjid = e.oid AND member.deptype = 'e'
      AND d.deptype <> 'i'
      AND NOT EXISTS (SELECT FROM pg_depend AS other
                      WHERE other.classid = d.classid AND other.objid = d.objid AND other.deptype = 'e')
      AND NOT (d.classid = member.classid AND d.objid = member.objid)
) AS is_needed
FROM pg_extension AS e WHERE e.extname <> 'plpgsql'

-- available: the extensions that the server of a restore test has
SELECT name FROM pg_available_extensions

-- policy_roles: the roles that policies name, which a restore needs
SELECT DISTINCT r.rolname FROM pg_policy AS p, unnest(p.polroles) AS u (oid) JOIN pg_roles AS r ON r.oid = u.oid

-- make_role: one of them on a server of our own, where it may do nothing
CREATE ROLE {role} NOLOGIN
