-- compared: as what a key compares its two columns, by ATAddForeignKeyConstraint; NULL where it refuses (42804)
WITH RECURSIVE pair AS (
    SELECT asked.number, asked.referenced_table, asked.referenced_column,
           coalesce(asked.child_oid, to_regtype(asked.child_name)::oid) AS child,
           coalesce(asked.parent_oid, to_regtype(asked.parent_name)::oid) AS parent
    FROM unnest(%(child_oids)s::oid[], %(child_names)s::text[], %(parent_oids)s::oid[], %(parent_names)s::text[],
                %(tables)s::oid[], %(columns)s::text[])
         WITH ORDINALITY
         AS asked (child_oid, child_name, parent_oid, parent_name, referenced_table, referenced_column, number)
), under_domains AS (
    SELECT t.oid AS type, t.oid AS bare, t.typtype, t.typbasetype, t.typcategory, t.typlen
    FROM pg_type t WHERE t.oid IN (SELECT child FROM pair UNION SELECT parent FROM pair)
    UNION ALL
    SELECT under_domains.type, t.oid, t.typtype, t.typbasetype, t.typcategory, t.typlen
    FROM under_domains JOIN pg_type t ON t.oid = under_domains.typbasetype WHERE under_domains.typtype = 'd'
), end_type AS (
    SELECT pair.number, pair.child, pair.parent, child.bare AS bare_child, parent.bare AS bare_parent,
           child.typtype AS kind_of_child, parent.typtype AS kind_of_parent,
           parent.typcategory = 'A' AND parent.typlen = -1 AS is_array,
           coalesce(
               (SELECT i.indclass[0] FROM pg_index i
                JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                WHERE i.indrelid = pair.referenced_table AND a.attname = pair.referenced_column
                  AND i.indnkeyatts = 1 AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL
                ORDER BY i.indexrelid LIMIT 1),
               (SELECT oc.oid FROM pg_opclass oc
                JOIN pg_am am ON am.oid = oc.opcmethod JOIN pg_type t ON t.oid = oc.opcintype
                WHERE am.amname = 'btree' AND oc.opcdefault
                  AND (oc.opcintype = parent.bare
                       OR EXISTS (SELECT FROM pg_cast c
                                  WHERE c.castsource = parent.bare AND c.casttarget = oc.opcintype
                                  AND c.castmethod = 'b' AND c.castcontext = 'i')
                       OR oc.opcintype = 'anyarray'::regtype AND parent.typcategory = 'A' AND parent.typlen = -1
                       OR oc.opcintype = 'anyenum'::regtype AND parent.typtype = 'e'
                       OR oc.opcintype = 'anyrange'::regtype AND parent.typtype = 'r'
                       OR oc.opcintype = 'anymultirange'::regtype AND parent.typtype = 'm'
                       OR oc.opcintype = 'record'::regtype AND parent.typtype = 'c')
                ORDER BY oc.opcintype = parent.bare DESC, t.typispreferred DESC, oc.oid LIMIT 1)
           ) AS opclass
    FROM pair
    LEFT JOIN under_domains child ON child.type = pair.child AND child.typtype <> 'd'
    LEFT JOIN under_domains parent ON parent.type = pair.parent AND parent.typtype <> 'd'
), judged AS (
    SELECT e.*, oc.opcintype AS input,
           current_setting('server_version_num')::int < 180000
           OR (SELECT count(DISTINCT typcollation = 0) = 1 FROM pg_type
               WHERE pg_type.oid IN (e.child, e.parent)) AS is_ordered_alike,
           (SELECT count(*) = 2 FROM pg_amop o
            WHERE o.amopfamily = oc.opcfamily AND o.amopstrategy = 3 AND o.amoppurpose = 's'
              AND o.amoprighttype = e.bare_child AND o.amoplefttype IN (oc.opcintype, e.bare_child))
           OR oc.opcintype = e.bare_child AS has_operator,
           CASE oc.opcintype
               WHEN 'anyarray'::regtype THEN e.is_array AND e.bare_child = e.bare_parent
               WHEN 'anyenum'::regtype THEN e.child = e.parent AND e.child = e.bare_child
               WHEN 'anyrange'::regtype THEN e.bare_child = e.bare_parent
               WHEN 'anymultirange'::regtype THEN e.bare_child = e.bare_parent
               WHEN 'record'::regtype THEN e.kind_of_child = 'c' AND e.kind_of_parent = 'c'
           END AS is_same,
           EXISTS (SELECT FROM pg_cast c WHERE c.castsource = e.bare_child AND c.casttarget = oc.opcintype
                   AND c.castcontext = 'i') AS is_cast
    FROM end_type e LEFT JOIN pg_opclass oc ON oc.oid = e.opclass
)
SELECT CASE WHEN NOT is_ordered_alike THEN NULL
            WHEN is_same THEN format_type(bare_parent, -1)
            WHEN has_operator OR is_cast THEN format_type(input, -1) END AS parent,
       CASE WHEN NOT is_ordered_alike THEN NULL
            WHEN is_same OR has_operator THEN format_type(bare_child, -1)
            WHEN is_cast THEN format_type(input, -1) END AS child,
       child IS NOT NULL AND parent IS NOT NULL AS known
FROM judged ORDER BY number
