-- create: the database that the migrations make
CREATE DATABASE {name} TEMPLATE template0

-- create_role: a role that SQL of the migrations names, so that its GRANT or OWNER TO does not fail
CREATE ROLE {name} NOLOGIN
