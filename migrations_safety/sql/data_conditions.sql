-- every_row: a condition that all rows fulfil
true

-- is_null: rows without a value
num_nulls({column}) > 0

-- has_value: rows with a value
num_nulls({column}) = 0

-- violates: rows for which the expression of a CHECK is false
NOT ({condition})

-- longer: texts that a shorter type cuts or refuses; spaces at the end do not count
rtrim(substr(({column})::text, {length} + 1), ' ') <> ''

-- no_label: values that are no label of an enum
({column})::text <> ALL (ARRAY[{labels}]::text[])

-- not_readable: texts that another type does not accept
NOT pg_input_is_valid(({column})::text, {type})

-- beyond: numbers outside the range of an integer type
round(({column})::numeric) NOT BETWEEN {least} AND {most}

-- more_digits: numbers with more digits before the point than a numeric type holds
abs(round(({column})::numeric, {after_point})) >= 10::numeric ^ {before_point}

-- changed: values that are others after a conversion there and back
({column})::{there}::{back} IS DISTINCT FROM ({column})

-- rounded: texts that lose digits as a number of this type
({column})::numeric <> ({column})::{there}
