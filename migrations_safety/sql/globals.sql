-- settings: those of this database, and of roles in it, as the statements that set them
SELECT format('ALTER %%s SET %%I TO %%L;', CASE WHEN r.rolname IS NULL THEN format('DATABASE %%I', d.datname)
              ELSE format('ROLE %%I IN DATABASE %%I', r.rolname, d.datname) END,
              split_part(setting, '=', 1), substring(setting FROM position('=' IN setting) + 1))
FROM pg_db_role_setting AS s JOIN pg_database AS d ON d.oid = s.setdatabase
LEFT JOIN pg_roles AS r ON r.oid = s.setrole, unnest(s.setconfig) AS setting
WHERE d.datname = current_database()
