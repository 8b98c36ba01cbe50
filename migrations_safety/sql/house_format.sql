-- is_of_the_house: true where the whole value is of the pattern that the house registered
known.value::text COLLATE "C" ~ {whole}

-- is_long_code: true where the value looks like a generated code; hexadecimal digits alone are a damaged UUID
known.value::text COLLATE "C" ~ {long_code}
AND known.value::text COLLATE "C" ~ {mixed}
AND known.value::text COLLATE "C" ~ '[g-zG-Z]'
AND length(replace(known.value::text, '-', '')) >= {long_enough}

-- matches_no_ids: true where a pattern matches what is no id; an error where it is no regular expression
SELECT bool_or(no_id ~ %(whole)s) AND '' ~ %(pattern)s IS NOT NULL FROM unnest(%(no_ids)s::text[]) AS no_id
