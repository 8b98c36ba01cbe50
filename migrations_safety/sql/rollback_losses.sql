-- counts: how many rows of a table fulfil each of some conditions, in one scan
SELECT {counts} FROM {table}

-- count: the number of rows that fulfil one condition
count(*) FILTER (WHERE {condition})

-- any_row: a condition that all rows fulfil
true

-- not_made_again: rows that no backfill would make again
({made_again}) IS NOT TRUE

-- has_value: rows with a value in the column
{column} IS NOT NULL

-- has_another_value: rows with another value than the one that they got when the column was added
{column}::text COLLATE "C" <> {filling}

-- has_none: rows without a value in the column
{column} IS NULL

-- longer: values with more characters than the earlier type holds
char_length({column}::text) > {length}

-- more_digits: numbers with more digits before the decimal point than the earlier type holds
abs(round({column}::numeric, {after_point})) >= 10::numeric ^ {before_point}

-- finer: numbers with more digits after the decimal point than the earlier type holds
{column}::numeric <> round({column}::numeric, {after_point})

-- beyond: numbers outside the range of the earlier type
{column} NOT BETWEEN {least} AND {most}
