-- row_security_active: which of the tables hide rows from this role
SELECT oid::bigint FROM unnest(%(oids)s::oid[]) AS oid WHERE row_security_active(oid)
