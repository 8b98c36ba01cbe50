-- locale: how a database encodes, sorts and compares text; keys that a server does not have are null
SELECT pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS collate, d.datctype AS ctype,
       d.datlocprovider::text AS provider, coalesce(j ->> 'datlocale', j ->> 'daticulocale') AS locale,
       j ->> 'daticurules' AS rules
FROM pg_database AS d, to_jsonb(d) AS j WHERE d.datname = current_database()
