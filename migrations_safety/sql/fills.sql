-- there: nothing but whether there is a value
CASE WHEN {column} IS NOT NULL THEN '1' END

-- text: the number of characters, and the bytes that are stored where there are many
CASE WHEN octet_length(({column})::text) > 2000 THEN length(({column})::text) || ':' || pg_column_size({column})
     ELSE length(({column})::text)::text END

-- bytes: the number of bytes, and of those that are stored
CASE WHEN octet_length({column}) > 2000 THEN octet_length({column}) || ':' || pg_column_size({column})
     ELSE octet_length({column})::text END

-- jsonb: whether it is an object, an array or something else, and how many bytes are stored
left(jsonb_typeof({column}), 1) || octet_length(({column})::text) || ':' || pg_column_size({column})

-- json: the same
left(json_typeof({column}), 1) || octet_length(({column})::text) || ':' || pg_column_size({column})

-- array: the number of elements and of stored bytes
cardinality({column}) || ':' || pg_column_size({column})

-- number: the number of digits before the point; that it is no number is not told
CASE WHEN ({column})::text ~ '^-?[0-9]' THEN length(trunc(abs({column}))::text) ELSE 1 + 0 * length(({column})::text)
END
