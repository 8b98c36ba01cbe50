-- counts: per class, values and rows together and of each reference
SELECT class, has_parent, count(*) AS values,
    {figures}
FROM classified GROUP BY class, has_parent

-- figures_of_reference: values, rows and the most rows of one value
count(*) FILTER (WHERE {in_rows} > 0) AS {values}, sum({in_rows})::bigint AS {rows}, max({in_rows}) AS {most_rows}

-- spellings: people with several spellings, those whose parent has another one, ids that differ in case only
, odd AS MATERIALIZED (SELECT value::text COLLATE "C" AS value, class, has_parent FROM classified)
, person AS (
    SELECT DISTINCT spelled.uuid FROM (
        SELECT value AS uuid FROM odd WHERE class = 'several_spellings'
        UNION ALL
        SELECT other.uuid FROM (
            SELECT
                {uuid_spelled} AS uuid
            FROM odd
            CROSS JOIN LATERAL (SELECT regexp_replace(odd.value, {blanks}, '', 'g') AS trimmed OFFSET 0) AS t
            WHERE class = 'uuid_noncanonical' AND NOT has_parent
        ) AS other
        GROUP BY uuid
        HAVING count(*) > 1 OR EXISTS (SELECT FROM odd WHERE class LIKE 'uuid%%' AND odd.value = other.uuid)
    ) AS spelled
)
SELECT (SELECT count(*) FROM person) AS several_spellings,
       (
           SELECT count(*) FROM person WHERE {is_respelled}
       ) AS spelled_otherwise,
       (
           SELECT coalesce(sum(spellings), 0)::bigint FROM (
               SELECT count(*) AS spellings FROM odd WHERE class IN ('opaque', 'house_format')
               GROUP BY lower(value COLLATE "C") HAVING count(*) > 1
           ) AS of_one
       ) AS case_variants
