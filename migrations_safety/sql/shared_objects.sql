-- found: a digest of each object that all databases of this server share, without copies and scratch databases
SELECT 'role', rolname::text, md5(r::text) FROM pg_roles AS r
UNION ALL
SELECT 'member', member::regrole::text, md5(string_agg(m::text, ' ' ORDER BY roleid, grantor))
FROM pg_auth_members AS m GROUP BY member
UNION ALL
SELECT 'database', datname::text,
       md5(concat_ws(' ', datdba, datistemplate, datallowconn, datconnlimit, dattablespace, datacl,
                     shobj_description(oid, 'pg_database')))
FROM pg_database
WHERE oid <> ALL(%(without)s) AND datname !~ '^(confidential_copy|migrations_safety_scratch)_[0-9]+_[0-9]+_[0-9]+$'
UNION ALL
SELECT 'setting', concat_ws(' of ', nullif(setrole, 0)::regrole, d.datname), md5(setconfig::text)
FROM pg_db_role_setting LEFT JOIN pg_database AS d ON d.oid = setdatabase
WHERE setdatabase <> ALL(%(without)s)
  AND coalesce(d.datname, '') !~ '^(confidential_copy|migrations_safety_scratch)_[0-9]+_[0-9]+_[0-9]+$'
UNION ALL
SELECT 'tablespace', spcname::text, md5(t::text) FROM pg_tablespace AS t
UNION ALL
SELECT 'parameter', parname, md5(p::text) FROM pg_parameter_acl AS p
