-- value: a value as it is
{column}

-- text: a value of a key as text
({column})::text

-- number: a number without zeros at its end
trim_scale({column})::text

-- days: a date as days since 2000
CASE WHEN isfinite({column}) THEN ({column} - '2000-01-01'::date)::text ELSE ({column})::text END

-- moment: a moment as microseconds since 2000
CASE WHEN isfinite({column})
     THEN ((extract(epoch FROM {column}) - 946684800) * 1000000)::numeric(30, 0)::text ELSE ({column})::text END

-- clock: a time of day as microseconds since midnight
(extract(epoch FROM {column}) * 1000000)::bigint::text

-- flag: whether a column is NULL
CASE WHEN {column} IS NULL THEN 'n' ELSE 'v' END

-- truth: whether a property is true, false or NULL
coalesce(left(({condition})::text, 1), 'u')

-- length: the number of characters, 0 for none
coalesce(length(({column})::text), 0)
