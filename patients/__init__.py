"""The patient module: the table of patients, to which the hospital's records refer, and the tables below it."""
