"""Further operations, of which only the truth is asked: the rest of Django's, our own, and the usual SQL by hand.

They are like those of `operations`; no rival is asked about them.
"""

from __future__ import annotations

from tests.benchmarks.review.operations import Operation

PARTITIONED = (
    "CREATE TABLE APP_visit (id int, day date NOT NULL) PARTITION BY RANGE (day); "
    "CREATE TABLE APP_visit_rest PARTITION OF APP_visit DEFAULT; "
    "CREATE TABLE APP_visit_new (id int, day date NOT NULL); "
    "INSERT INTO APP_visit SELECT n, DATE '2020-01-01' + n FROM generate_series(1, 100) AS n; "
    "INSERT INTO APP_visit_new VALUES (1, DATE '2030-01-05')"
)
OF_2030 = "FOR VALUES FROM ('2030-01-01') TO ('2031-01-01')"
KEY = (
    'migrations.AddField("thing", "keeper", models.ForeignKey("APP.Parent", models.DO_NOTHING, null=True, '
    'db_default=1, db_constraint=False, db_index=False, related_name="+"))'
)
NOT_VALID_KEY = (
    'AddForeignKeyNotValid("thing", ForeignKeyConstraint(field="keeper", name="APP_keeper", on_delete="RESTRICT"))'
)
MOOD = "CREATE TYPE APP_mood AS ENUM ('sad', 'glad'); ALTER TABLE APP_thing ADD mood APP_mood DEFAULT 'sad'"
DOMAIN = "CREATE DOMAIN APP_positive_int AS int; ALTER TABLE APP_thing ADD domained APP_positive_int DEFAULT 1"
TRIGGER = (
    "CREATE FUNCTION APP_nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'; "
    "CREATE TRIGGER APP_trigger BEFORE INSERT ON APP_thing FOR EACH ROW EXECUTE FUNCTION APP_nothing()"
)
VIEW = "CREATE VIEW APP_view AS SELECT size FROM APP_thing"
MATERIALIZED = "CREATE MATERIALIZED VIEW APP_sums AS SELECT sum(size) AS sum FROM APP_thing"


def _sql(name: str, text: str, *, before: str = "", atomic: bool = True) -> Operation:
    prepared = f'migrations.RunSQL("{before}")' if before else ""
    return Operation(name=f"RunSQL {name}", text=f'migrations.RunSQL("{text}")', before=prepared, atomic=atomic)


def _index(name: str, index: str) -> Operation:
    return Operation(name=f"AddIndex {name}", text=f'migrations.AddIndex("thing", models.Index({index}, name="APP_i"))')


def _unique(name: str, constraint: str) -> Operation:
    constraint = f'models.UniqueConstraint({constraint}, name="APP_unique")'
    return Operation(name=f"AddConstraint UNIQUE {name}", text=f'migrations.AddConstraint("thing", {constraint})')


def _alter(name: str, field: str, definition: str) -> Operation:
    return Operation(name=f"AlterField {name}", text=f'migrations.AlterField("thing", "{field}", {definition})')


OF_DJANGO = (
    _index("with an expression", 'models.F("slug").desc()'),
    _index("with a condition", 'fields=["slug"], condition=models.Q(size__gt=1)'),
    _index("with more columns", 'fields=["slug"], include=["size"]'),
    _unique("of an expression", 'Lower("slug")'),
    _unique("that is deferrable", 'fields=["slug"], deferrable=models.Deferrable.DEFERRED'),
    _unique("with more columns", 'fields=["slug"], include=["size"]'),
    _unique("without distinct NULLs", 'fields=["slug", "size"], nulls_distinct=False'),
    _alter("with another column name", "gone", 'models.TextField(null=True, db_column="lost")'),
    _alter("with a database default", "count", "models.IntegerField(null=True, db_default=3)"),
    _alter("with a comment", "gone", 'models.TextField(null=True, db_comment="lost")'),
    _alter("with a collation", "gone", 'models.TextField(null=True, db_collation="C")'),
    _alter("ForeignKey without a constraint", "parent",
           'models.ForeignKey("APP.Parent", models.CASCADE, null=True, db_constraint=False)'),
    _alter("ForeignKey without an index", "parent",
           'models.ForeignKey("APP.Parent", models.CASCADE, null=True, db_index=False)'),
    _alter("ForeignKey to OneToOneField", "parent", 'models.OneToOneField("APP.Parent", models.CASCADE, null=True)'),
    _alter("TextField to IntegerField", "gone", "models.IntegerField(null=True)"),
    Operation(name="AddField JSONField", text='migrations.AddField("thing", "new", models.JSONField(default=dict))'),
    Operation(name="RenameModel", text='migrations.RenameModel("Alone", "Lonely")', table="alone"),
    Operation(name="RenameModel that others refer to", text='migrations.RenameModel("Parent", "Elder")',
              table="parent"),
    Operation(name="RenameField of a ForeignKey", text='migrations.RenameField("thing", "parent", "elder")'),
    Operation(name="AlterUniqueTogether to nothing", text='migrations.AlterUniqueTogether("thing", set())',
              before='migrations.AlterUniqueTogether("thing", {("size", "slug")})'),
    Operation(name="AlterOrderWithRespectTo", text='migrations.AlterOrderWithRespectTo("child", "parent")',
              table="child"),
    Operation(name="AlterModelOptions", text='migrations.AlterModelOptions("thing", {"ordering": ["size"]})'),
    Operation(name="AlterModelManagers", text='migrations.AlterModelManagers("thing", [])'),
    Operation(name="SeparateDatabaseAndState", text='migrations.SeparateDatabaseAndState(state_operations=['
              'migrations.RemoveField("thing", "gone")])'),
    Operation(name="CreateCollation", text='CreateCollation("APP_c", "C", provider="libc")', table=None),
    Operation(name="RemoveCollation", text='RemoveCollation("APP_c", "C", provider="libc")', table=None,
              before='CreateCollation("APP_c", "C", provider="libc")'),
    Operation(name="CreateExtension that is there", text='CreateExtension("plpgsql")', table=None),
)  # fmt: skip
OURS = (
    Operation(name="CreateEnum", text='CreateEnum("APP_status", ["a", "b"])', table=None),
    Operation(name="AddForeignKeyNotValid", text=NOT_VALID_KEY, before=KEY),
    Operation(name="ValidateForeignKey", text='ValidateForeignKey("thing", "APP_keeper")',
              before=f"{KEY}, {NOT_VALID_KEY}"),
)  # fmt: skip
BY_HAND = (
    _sql("CREATE TYPE", "CREATE TYPE APP_mood AS ENUM ('sad', 'glad')"),
    _sql("ADD COLUMN of an enum", "ALTER TABLE APP_thing ADD mood APP_mood",
         before="CREATE TYPE APP_mood AS ENUM ('sad', 'glad')"),
    _sql("ALTER TYPE ADD VALUE", "ALTER TYPE APP_mood ADD VALUE 'gay'", before=MOOD),
    _sql("ALTER TYPE RENAME VALUE", "ALTER TYPE APP_mood RENAME VALUE 'sad' TO 'blue'", before=MOOD),
    _sql("CREATE DOMAIN", "CREATE DOMAIN APP_positive_int AS int CHECK (value > 0)"),
    _sql("ALTER DOMAIN ADD CHECK", "ALTER DOMAIN APP_positive_int ADD CONSTRAINT p CHECK (value > 0)", before=DOMAIN),
    _sql("ALTER DOMAIN ADD CHECK NOT VALID",
         "ALTER DOMAIN APP_positive_int ADD CONSTRAINT p CHECK (value > 0) NOT VALID", before=DOMAIN),
    _sql("ADD COLUMN of a domain with a CHECK", "ALTER TABLE APP_thing ADD domained APP_checked DEFAULT 1",
         before="CREATE DOMAIN APP_checked AS int CHECK (value > 0)"),
    _sql("ADD COLUMN with an identity", "ALTER TABLE APP_thing ADD number int GENERATED ALWAYS AS IDENTITY"),
    _sql("ADD GENERATED AS IDENTITY", "ALTER TABLE APP_thing ALTER required ADD GENERATED BY DEFAULT AS IDENTITY",
         before="ALTER TABLE APP_thing ALTER required SET NOT NULL, ALTER required DROP DEFAULT"),
    _sql("SET STATISTICS", "ALTER TABLE APP_thing ALTER size SET STATISTICS 500"),
    _sql("SET fillfactor", "ALTER TABLE APP_thing SET (fillfactor = 70)"),
    _sql("SET UNLOGGED", "ALTER TABLE APP_alone SET UNLOGGED"),
    _sql("CREATE STATISTICS", "CREATE STATISTICS APP_s ON size, slug FROM APP_thing"),
    _sql("CREATE TRIGGER", TRIGGER),
    _sql("DROP TRIGGER", "DROP TRIGGER APP_trigger ON APP_thing", before=TRIGGER),
    _sql("DISABLE TRIGGER", "ALTER TABLE APP_thing DISABLE TRIGGER APP_trigger", before=TRIGGER),
    _sql("CREATE FUNCTION", "CREATE FUNCTION APP_one() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
    _sql("call of a function that alters", "SELECT APP_alters()",
         before="CREATE FUNCTION APP_alters() RETURNS void LANGUAGE plpgsql AS "
         "'BEGIN ALTER TABLE APP_thing ADD note text; END'"),
    _sql("DO that alters", "DO $$BEGIN ALTER TABLE APP_thing ADD note text; CREATE INDEX ON APP_alone (id); END$$"),
    _sql("DO that updates", "DO $$BEGIN UPDATE APP_thing SET size = 2; END$$"),
    _sql("CREATE VIEW", VIEW),
    _sql("CREATE OR REPLACE VIEW", "CREATE OR REPLACE VIEW APP_view AS SELECT size, slug FROM APP_thing", before=VIEW),
    _sql("DROP VIEW", "DROP VIEW APP_view", before=VIEW),
    _sql("CREATE MATERIALIZED VIEW", MATERIALIZED),
    _sql("REFRESH MATERIALIZED VIEW", "REFRESH MATERIALIZED VIEW APP_sums", before=MATERIALIZED),
    _sql("PARTITION OF", f"CREATE TABLE APP_visit_2030 PARTITION OF APP_visit {OF_2030}", before=PARTITIONED),
    _sql("ATTACH PARTITION", f"ALTER TABLE APP_visit ATTACH PARTITION APP_visit_new {OF_2030}", before=PARTITIONED),
    _sql("DETACH PARTITION", "ALTER TABLE APP_visit DETACH PARTITION APP_visit_rest", before=PARTITIONED),
    _sql("CREATE INDEX on a partitioned table", "CREATE INDEX ON APP_visit (id)", before=PARTITIONED),
    _sql("ADD COLUMN to a partitioned table", "ALTER TABLE APP_visit ADD note text", before=PARTITIONED),
    _sql("CREATE POLICY", "CREATE POLICY p ON APP_thing USING (size > 0)"),
    _sql("ENABLE ROW LEVEL SECURITY", "ALTER TABLE APP_thing ENABLE ROW LEVEL SECURITY"),
    _sql("GRANT", "GRANT SELECT ON APP_thing TO public"),
    _sql("COMMENT", "COMMENT ON TABLE APP_thing IS 'things'"),
    _sql("RENAME CONSTRAINT", "ALTER TABLE APP_thing RENAME CONSTRAINT APP_positive TO APP_more"),
    _sql("UPDATE", "UPDATE APP_thing SET size = 2"),
    _sql("DELETE", "DELETE FROM APP_child"),
    _sql("INSERT from another table", "INSERT INTO APP_alone (id) SELECT -id FROM APP_thing"),
    _sql("TRUNCATE", "TRUNCATE APP_child"),
    _sql("LOCK TABLE", "LOCK TABLE APP_thing IN SHARE MODE"),
    _sql("REINDEX", "REINDEX TABLE APP_thing"),
    _sql("CLUSTER", "CLUSTER APP_alone USING APP_alone_pkey"),
    _sql("DROP TABLE CASCADE", "DROP TABLE APP_parent CASCADE"),
    _sql("CREATE INDEX CONCURRENTLY", "CREATE INDEX CONCURRENTLY APP_c ON APP_thing (count)", atomic=False),
    _sql("VACUUM FULL", "VACUUM FULL APP_alone", atomic=False),
)  # fmt: skip
FURTHER = (*OF_DJANGO, *OURS, *BY_HAND)
