-- drop_check: a CHECK that no made-up row fulfils
ALTER TABLE {table} DROP CONSTRAINT {name} CASCADE

-- drop_domain_check: the same of a domain
ALTER DOMAIN {domain} DROP CONSTRAINT {name}

-- domain_checks: the CHECKs of a domain, and of those behind it
WITH RECURSIVE behind AS (
    SELECT oid, typbasetype FROM pg_type WHERE oid = %(type)s::regtype
    UNION ALL
    SELECT t.oid, t.typbasetype FROM pg_type AS t JOIN behind ON t.oid = behind.typbasetype
)
SELECT behind.oid::regtype::text AS domain, k.conname::text AS name
FROM behind JOIN pg_constraint AS k ON k.contypid = behind.oid WHERE k.contype = 'c'

-- owner: the table at the top of a partition that has this CHECK, or the table itself
SELECT n.nspname, c.relname FROM pg_constraint AS k
JOIN pg_class AS c ON c.oid = k.conrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE k.conname = %(name)s AND k.coninhcount = 0 AND k.contype = 'c'
  AND (k.conrelid = %(table)s::regclass
       OR k.conrelid IN (SELECT relid FROM pg_partition_ancestors(%(table)s::regclass))
       OR k.conrelid IN (SELECT inhparent FROM pg_inherits WHERE inhrelid = %(table)s::regclass))
