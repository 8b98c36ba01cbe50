-- classified: every distinct value of all references once: its rows in each, its class, and whether it has a parent
WITH counted AS (
    SELECT spelling.value,
        {rows_by_reference}
    FROM (
        {scans}
    ) AS spelling
    GROUP BY spelling.value
),
known AS (
    SELECT counted.*, {is_known} AS has_parent, {is_respelled} AS has_respelled_parent
    FROM counted
    {join_parent}
    {join_respelled}
),
classified AS (
    SELECT known.*,
        CASE
            WHEN has_respelled_parent AND NOT has_parent THEN 'several_spellings'
            ELSE
                {class}
        END AS class
    FROM known
    {of_those}
    OFFSET 0
)

-- only_orphans: values that have a parent are not even classified
WHERE NOT known.has_parent

-- rows_of_reference: the rows of one reference that hold the value
count(*) FILTER (WHERE spelling.reference = {number}) AS {rows}

-- grouped_rows_of_reference: the rows of one reference that hold the value, where its index was grouped
coalesce(max(spelling.rows) FILTER (WHERE spelling.reference = {number}), 0) AS {rows}

-- is_known: true where the value has a parent
parent.{target_column} IS NOT NULL

-- join_parent: the parent of each value, if any
LEFT JOIN {target} AS parent ON {parent_value} = counted.value AND {wanted}

-- parent_value: the id of a parent as the values are compared
parent.{target_column}::{type}

-- is_respelled: true where a parent has the same UUID in another spelling: another value to the key
respelled.value IS NOT NULL

-- join_respelled: the UUIDs of parents that are not in the canonical spelling, in that spelling
LEFT JOIN (
    SELECT DISTINCT parent.value FROM (
        {respelled_parents}
    ) AS parent
) AS respelled ON respelled.value = counted.value::text COLLATE "C"

-- respelled_parents: UUIDs of parents in capitals, in braces, without hyphens and so on, in their canonical spelling
SELECT t.uuid AS value FROM (
    SELECT
        {uuid_spelled} AS uuid
    FROM (
        SELECT regexp_replace(parent.{target_column} COLLATE "C", {blanks}, '', 'g') AS trimmed FROM {target} AS parent
        WHERE octet_length(parent.{target_column}) >= 32
          AND (octet_length(parent.{target_column}) <> 36
               OR parent.{target_column} COLLATE "C" <> lower(parent.{target_column} COLLATE "C"))
        OFFSET 0
    ) AS t
) AS t WHERE t.uuid IS NOT NULL

-- has_respelled_parents: whether any parent has a UUID that is not in its canonical spelling
SELECT EXISTS (
    {respelled_parents}
)

-- has_uuid_shape: true for the canonical spelling of any UUID
known.value::text COLLATE "C" ~ '^[0-9a-f]{{8}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{12}}$'

-- has_uuid_shape_by_type: true for the canonical spelling of any UUID; PostgreSQL 16 and later, several times as fast
known.value::text COLLATE "C" LIKE '________-____-____-____-____________'
AND pg_input_is_valid(known.value::text, 'uuid')
AND known.value::text = lower(known.value::text COLLATE "C")

-- class: the class of an identifier, tested in the order of the documented table
CASE
    WHEN known.value IS NULL THEN NULL
    WHEN {has_uuid_shape} THEN
        {class_of_uuid}
    ELSE (
        SELECT
            {class_of_text}
        FROM (
            SELECT regexp_replace(known.value::text COLLATE "C", {blanks}, '', 'g') AS trimmed OFFSET 0
        ) AS t
        CROSS JOIN LATERAL (
            SELECT
                {uuid_spelled} AS uuid
            OFFSET 0
        ) AS u
    )
END

-- class_of_uuid: the class of a UUID in its canonical spelling; the most frequent one is tested first
CASE
    WHEN {value} COLLATE "C" LIKE ANY ({version_and_variant})
         AND {value} <> '88888888-8888-8888-8888-888888888888' THEN {of_rfc}
    WHEN {value} = '00000000-0000-0000-0000-000000000000' THEN 'uuid_nil'
    WHEN {value} = 'ffffffff-ffff-ffff-ffff-ffffffffffff' THEN 'uuid_max'
    WHEN left({value}, 24) = '00000000-0000-0000-0000-' THEN 'uuid_test_pattern'
    WHEN left({value}, 8) = repeat(left({value}, 1), 8)
         AND replace(replace({value}, '-', ''), left({value}, 1), '') = '' THEN 'uuid_test_pattern'
    ELSE {of_no_rfc}
END

-- uuid_spelled: the canonical spelling of the UUID that a text spells in another way, NULL where it spells none
CASE
    WHEN lower(t.trimmed COLLATE "C") ~ (
        '^(urn:uuid:)?([{{][0-9a-f]{{8}}(-?[0-9a-f]{{4}}){{3}}-?[0-9a-f]{{12}}[}}]'
        || '|[0-9a-f]{{8}}(-?[0-9a-f]{{4}}){{3}}-?[0-9a-f]{{12}})$'
    ) THEN translate(replace(lower(t.trimmed COLLATE "C"), 'urn:uuid:', ''), '-{{}}', '')::uuid::text
END

-- class_of_text: the class of a value that is no UUID in its canonical spelling
CASE
    WHEN u.uuid IS NOT NULL THEN
        {class_of_uuid}
    WHEN t.trimmed = '' THEN 'blank'
    WHEN lower(t.trimmed COLLATE "C") = ANY ({sentinel_words}) THEN 'sentinel_word'
    WHEN {is_of_the_house} THEN
        CASE
            WHEN {is_record_number} THEN 'mrn_like'
            ELSE 'house_format'
        END
    WHEN t.trimmed COLLATE "C" ~ '^[+-]?[0-9]{{1,19}}$' THEN 'integer'
    WHEN {is_record_number}
         OR lower(t.trimmed COLLATE "C") ~ {record_number} THEN 'mrn_like'
    WHEN known.value::text COLLATE "C" ~ {opaque}
         AND known.value::text COLLATE "C" ~ '[0-9]|([a-z][A-Z].*){{3}}'
         AND known.value::text COLLATE "C" !~ {name_like} THEN 'opaque'
    WHEN {is_long_code} THEN 'house_format'
    ELSE 'other_text'
END

-- is_record_number: true where the value is the record number of a parent
EXISTS (SELECT FROM {target} AS holder WHERE holder.{record_number_column} = known.value::text COLLATE "default")

-- class_of_any: one class for every value, or the class of its shape; NULL has none
CASE
    WHEN known.value IS NOT NULL THEN
        {class}
END

-- person_is_respelled: true for a person whose parent has another spelling than the canonical one
person.uuid IN (
    {respelled_parents}
)
