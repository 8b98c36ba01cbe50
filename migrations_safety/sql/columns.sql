-- known_types: those of the given types that PostgreSQL knows, wherever on the search path (extensions stand anywhere)
SELECT name, to_regtype(name)::oid::bigint FROM unnest(%(names)s::text[]) AS name
WHERE to_regtype(name) IS NOT NULL ORDER BY name

-- types_of_nulls: a row of NULLs whose columns have the declared types, as PostgreSQL resolves them
SELECT {nulls}

-- null_of_type: a NULL of one declared type
NULL::{type}
