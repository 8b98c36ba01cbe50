-- rights: whether the role may create databases on this server, and whether it is a standby
SELECT rolcreatedb OR rolsuper, pg_is_in_recovery() FROM pg_roles WHERE rolname = current_user
