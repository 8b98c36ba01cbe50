-- create_enum: an enum with its labels in their order
CREATE TYPE {name} AS ENUM ({labels})

-- drop_enum: PostgreSQL refuses it while a column has the type
DROP TYPE IF EXISTS {name}
