-- of_others: which of these tables belong to a role that this one is no member of; a schema's owner may drop a table
SELECT c.oid::regclass::text, r.rolname, r.rolsuper
FROM unnest(%(names)s::text[], %(drops)s::boolean[]) AS wanted (name, is_dropped)
JOIN pg_class AS c ON c.oid = to_regclass(wanted.name)
JOIN pg_roles AS r ON r.oid = c.relowner
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE NOT pg_has_role(c.relowner, 'USAGE') AND NOT (wanted.is_dropped AND pg_has_role(n.nspowner, 'USAGE'))
ORDER BY 1
