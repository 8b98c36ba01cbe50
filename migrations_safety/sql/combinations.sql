-- evaluate: for each combination of made-up values what is true of it
SELECT {numbers}, {truths} FROM {sources}

-- source: the values of one column, with their numbers
(SELECT one.number AS {number}, one.value::{type} AS {column}
 FROM unnest({values}) WITH ORDINALITY AS one (value, number)) AS {alias}

-- truth: one property
({condition})::text

-- fits: which values a type accepts
SELECT value FROM unnest(%(values)s::text[]) AS value WHERE value IS NULL OR pg_input_is_valid(value, {type})

-- converted: one value as the type has it; an error where it does not accept it
SELECT (%(value)s::{type})::text
