-- relations: tables and views, each with all that decides whether a statement about it can be planned
SELECT c.oid, c.relname, md5(concat_ws(
    '|', c.relname, c.relnamespace, c.relkind,
    (SELECT string_agg(concat_ws(',', attnum, attname, atttypid, atttypmod, attisdropped, attgenerated, attidentity),
                       ';' ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0),
    (SELECT string_agg(concat_ws(',', indkey, indpred, indexprs), ';' ORDER BY indkey::text, indexrelid)
     FROM pg_index WHERE indrelid = c.oid AND indisunique AND indisvalid),
    (SELECT string_agg(conname, ';' ORDER BY conname) FROM pg_constraint
     WHERE conrelid = c.oid AND contype IN ('u', 'p')),
    (SELECT string_agg(md5(ev_action), ';' ORDER BY oid) FROM pg_rewrite WHERE ev_class = c.oid)
))
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'

-- others: functions, types, operators and schemas, in one value that changes with any of them
SELECT md5(concat_ws(
    '|',
    (SELECT string_agg(concat_ws(',', oid, proname, pronamespace, proargtypes, prorettype), ';' ORDER BY oid)
     FROM pg_proc WHERE oid >= 16384),
    (SELECT string_agg(concat_ws(',', oid, typname, typnamespace), ';' ORDER BY oid)
     FROM pg_type WHERE oid >= 16384 AND typrelid = 0 AND typelem = 0),
    (SELECT string_agg(concat_ws(',', oid, oprname), ';' ORDER BY oid) FROM pg_operator WHERE oid >= 16384),
    (SELECT string_agg(concat_ws(',', castsource, casttarget, castcontext), ';' ORDER BY oid)
     FROM pg_cast WHERE oid >= 16384),
    (SELECT string_agg(nspname, ';' ORDER BY oid) FROM pg_namespace WHERE nspname !~ '^pg_')
))

-- prepare: the statement under a name, because EXPLAIN takes no parameters
PREPARE migrations_safety_statement AS {query}

-- explain: its plan, without running it, because some errors come from the planner alone
EXPLAIN EXECUTE migrations_safety_statement{parameters}

-- deallocate: the name is free again
DEALLOCATE migrations_safety_statement
