-- database: the name and the oid of this database
SELECT current_database()::text, oid::bigint FROM pg_database WHERE datname = current_database()

-- system_identifier: that of the cluster
SELECT system_identifier::text FROM pg_control_system()
