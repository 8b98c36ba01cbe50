-- one_column: one scan of a table that has one referencing column
SELECT {number} AS reference, {column}::{type} AS value, count(*) AS rows FROM {table} GROUP BY {column}

-- several_columns: one scan of a table that has several referencing columns
SELECT CASE GROUPING({columns}) {numbers} END AS reference, coalesce({values}) AS value, count(*) AS rows
FROM {table} GROUP BY GROUPING SETS ({sets})

-- classified: every distinct value of all references once, with its class, and whether it has a parent
WITH spelling AS MATERIALIZED ({scans}),
known AS MATERIALIZED (
    SELECT v.value, {is_known} AS has_parent
    FROM (SELECT DISTINCT value FROM spelling WHERE value IS NOT NULL) AS v {join_parent}
),
classified AS MATERIALIZED (
    SELECT known.value, known.has_parent, {class} AS class, {canonical} AS canonical
    FROM known {normal_forms}
)

-- is_known: true where the value has a parent
parent.{target_column} IS NOT NULL

-- join_parent: the parent of each value, if any
LEFT JOIN {target} AS parent ON parent.{target_column}::{type} = v.value

-- normal_forms: a value without its surrounding blanks, and as 32 hexadecimal digits where it spells a UUID
CROSS JOIN LATERAL (
    SELECT CASE WHEN known.value::text COLLATE "C" ~ '^[0-9a-f]{{8}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{12}}$'
                THEN known.value::text
                ELSE regexp_replace(known.value::text, {blanks}, '', 'g') END AS trimmed OFFSET 0
) AS t
CROSS JOIN LATERAL (
    SELECT CASE WHEN lower(t.trimmed COLLATE "C")
                     ~ '^(urn:uuid:)?([{{][0-9a-f]{{8}}(-?[0-9a-f]{{4}}){{3}}-?[0-9a-f]{{12}}[}}]|[0-9a-f]{{8}}(-?[0-9a-f]{{4}}){{3}}-?[0-9a-f]{{12}})$'
                THEN translate(regexp_replace(lower(t.trimmed COLLATE "C"), '^urn:uuid:', ''), '-{{}}', '') END AS hex OFFSET 0
) AS u

-- class: the class of an identifier, tested in the order of the documented table
CASE
    WHEN u.hex IS NULL AND t.trimmed = '' THEN 'blank'
    WHEN u.hex IS NULL AND lower(t.trimmed COLLATE "C") = ANY ({sentinel_words}) THEN 'sentinel_word'
    WHEN u.hex = repeat('0', 32) THEN 'uuid_nil'
    WHEN u.hex = repeat('f', 32) THEN 'uuid_max'
    WHEN replace(u.hex, left(u.hex, 1), '') = '' OR left(u.hex, 20) = repeat('0', 20) THEN 'uuid_test_pattern'
    WHEN u.hex IS NOT NULL AND known.value::text COLLATE "C"
         <> concat_ws('-', left(u.hex, 8), substr(u.hex, 9, 4), substr(u.hex, 13, 4), substr(u.hex, 17, 4), right(u.hex, 12))
         THEN 'uuid_noncanonical'
    WHEN substr(u.hex, 13, 1) BETWEEN '1' AND '8' AND substr(u.hex, 17, 1) IN ('8', '9', 'a', 'b') THEN 'uuid_canonical'
    WHEN u.hex IS NOT NULL THEN 'uuid_nonrfc'
    WHEN t.trimmed COLLATE "C" ~ '^[+-]?[0-9]{{1,19}}$' THEN 'integer'
    WHEN {is_record_number} THEN 'mrn_like'
    WHEN lower(t.trimmed COLLATE "C") ~ {record_number} THEN 'mrn_like'
    WHEN known.value::text COLLATE "C" ~ {opaque} AND known.value::text COLLATE "C" ~ '[0-9]|([a-z][A-Z].*){{3}}' THEN 'opaque'
    ELSE 'other_text'
END

-- is_record_number: true where the value is the record number of a parent
EXISTS (SELECT FROM {target} AS holder WHERE holder.{record_number_column} = known.value::text)

-- counts: values and rows per reference and class; -1 stands for all references together
SELECT s.reference, k.class, k.has_parent, count(*) AS values, sum(s.rows)::bigint AS rows, max(s.rows) AS most_rows
FROM spelling AS s LEFT JOIN classified AS k ON k.value = s.value
GROUP BY s.reference, k.class, k.has_parent
UNION ALL
SELECT -1, class, has_parent, count(*), 0, 0 FROM classified GROUP BY class, has_parent
UNION ALL
SELECT -2, NULL, NULL, count(*), 0, 0
FROM (SELECT FROM classified WHERE canonical IS NOT NULL GROUP BY canonical HAVING count(*) > 1) AS several_spellings
UNION ALL
SELECT -3, NULL, NULL, coalesce(sum(spellings), 0)::bigint, 0, 0
FROM (SELECT count(*) AS spellings FROM classified WHERE class = 'opaque'
      GROUP BY lower(value::text COLLATE "C") HAVING count(*) > 1) AS case_variants

-- orphans_of_one: distinct values and rows of one reference that have no parent
SELECT count(DISTINCT child.{column}), count(*) FROM {table} AS child
WHERE child.{column} IS NOT NULL
  AND NOT EXISTS (SELECT FROM {target} AS parent WHERE parent.{target_column} = child.{column})

-- orphan_values: the orphans themselves, for --show-ids alone
SELECT s.reference, k.class, k.value::text, s.rows FROM spelling AS s JOIN classified AS k ON k.value = s.value
WHERE NOT k.has_parent ORDER BY s.reference, k.class, s.rows DESC, k.value LIMIT %(limit)s
