"""A project that is none of ours: two apps, another schema, names that need quotes, and migrations of every kind."""

from __future__ import annotations

import shutil
from pathlib import Path
from textwrap import dedent
from typing import Any

from psycopg import sql

SETTINGS = """
    from ehr.settings import *
    INSTALLED_APPS = ["migrations_safety", "ward", "yard.apps.YardConfig"]
"""
HEAD = """
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

def nothing(apps, editor):
    apps.get_model("ward", "Bed").objects.filter(name="nowhere").delete()

class Migration(migrations.Migration):
    atomic = {atomic}
    dependencies = {dependencies}
    replaces = {replaces}
    operations = [{operations}]
"""
ID = '("id", models.BigAutoField(primary_key=True))'
MIGRATIONS: dict[str, dict[str, Any]] = {
    "ward/0001_initial": {
        "operations": f"""
            migrations.CreateModel("Bed", [{ID}, ("name", models.CharField(max_length=40)),
                ("since", models.DateTimeField(null=True))]),
        """
    },
    "ward/0002_stays": {
        "after": [("ward", "0001_initial")],
        "operations": f"""
            migrations.AddField("Bed", "note", models.TextField(null=True, db_column="A Note")),
            migrations.CreateModel("Stay", [{ID}, ("bed", models.ForeignKey("ward.Bed", models.CASCADE)),
                ("until", models.DateField(null=True))],
                options={{"db_table": "Stäy of Bed; --"}}),
            migrations.AddConstraint("Bed", models.CheckConstraint(condition=~models.Q(name=""), name="Named; Bed")),
        """,
    },
    "ward/0003_apart": {
        "after": [("ward", "0002_stays")],
        "atomic": False,
        "operations": """
            AddIndexConcurrently("Bed", models.Index(fields=["name"], name="Bed By Name")),
            migrations.AddField("Bed", "mark", models.IntegerField(null=True)),
            migrations.AddField("Stay", "mark", models.IntegerField(db_default=7)),
        """,
    },
    "ward/0004_squashed": {
        "after": [("ward", "0003_apart")],
        "replaces": [("ward", "0004_a"), ("ward", "0005_b")],
        "operations": """
            migrations.RenameField("Bed", "mark", "remark"),
            migrations.AlterField("Stay", "mark", models.BigIntegerField(db_default=7)),
            migrations.RenameModel("Stay", "Visit"),
        """,
    },
    "ward/0006_sql": {
        "after": [("ward", "0004_squashed")],
        "operations": """
            migrations.RunSQL(
                'CREATE SCHEMA "Other Rooms"; CREATE TABLE "Other Rooms"."Log" (id bigint, at date) '
                'PARTITION BY RANGE (at); CREATE TABLE "Other Rooms".log_1 PARTITION OF "Other Rooms"."Log" DEFAULT',
                'DROP SCHEMA "Other Rooms" CASCADE'),
            migrations.RunPython(nothing, nothing),
        """,
    },
    "yard/0001_initial": {
        "after": [("ward", "0004_squashed")],
        "operations": f"""
            migrations.CreateModel("Tool", [{ID}, ("visit", models.ForeignKey("ward.Visit", models.CASCADE)),
                ("beds", models.ManyToManyField("ward.Bed"))]),
        """,
    },
}
ROWS = """
    INSERT INTO ward_bed (name, since)
    SELECT rpad('bed ' || i, 40, '-'), '2026-01-01 10:11:12+00' FROM generate_series(1, 90000) i
"""
"""More than 8 MB, so that the rollback watches who writes."""
BASE = ("ward", "0001_initial")


class ForeignProject:
    """The project in a folder; `variables` are what a command needs in its environment to be one of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.variables = {"DJANGO_SETTINGS_MODULE": "foreign_settings", "PYTHONPATH": str(folder)}
        (folder / "foreign_settings.py").write_text(dedent(SETTINGS))
        for app in ("ward", "yard"):
            (folder / app / "migrations").mkdir(parents=True)
            for name in ("__init__.py", "models.py", "migrations/__init__.py"):
                (folder / app / name).touch()
        (folder / "yard" / "apps.py").write_text(
            "from django.apps import AppConfig\n\n\nclass YardConfig(AppConfig):\n    name, label = 'yard', 'yard'\n"
        )
        for place, parts in MIGRATIONS.items():
            app, name = place.split("/")
            text = HEAD.format(
                atomic=parts.get("atomic", True),
                dependencies=parts.get("after", []),
                replaces=parts.get("replaces", []),
                operations=parts["operations"],
            )
            (folder / app / "migrations" / f"{name}.py").write_text(text)

    def forget(self, *places: str) -> None:
        """Remove files of migrations, as in the release before."""
        for place in places:
            app, name = place.split("/")
            (self.folder / app / "migrations" / f"{name}.py").unlink()
            shutil.rmtree(self.folder / app / "migrations" / "__pycache__", ignore_errors=True)


OWN = r"n.nspname !~ '^(pg_|information_schema)' AND c.relname !~ '^(django_migrations|migrations_safety_)'"
CATALOG = {
    "relations": f"""
        SELECT n.nspname, c.relname, c.relkind::text, c.relpersistence::text, c.reloptions::text
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OWN}""",
    "columns": f"""
        SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
               a.attidentity::text, a.attgenerated::text, pg_get_expr(d.adbin, d.adrelid)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE {OWN} AND a.attnum > 0 AND NOT a.attisdropped""",
    "constraints": f"""
        SELECT n.nspname, c.relname, k.conname, pg_get_constraintdef(k.oid), k.convalidated
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE {OWN}""",
    "indexes": f"""
        SELECT pg_get_indexdef(i.indexrelid), i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OWN}""",
    "triggers": f"""
        SELECT n.nspname, c.relname, t.tgname, t.tgenabled::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OWN} AND NOT t.tgisinternal""",
    "functions": """
        SELECT n.nspname, p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname !~ '^(pg_|information_schema)' AND p.proname !~ '^migrations_safety_refuse'""",
    "types": """
        SELECT n.nspname, t.typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
        WHERE n.nspname !~ '^(pg_|information_schema)' AND t.typtype IN ('e', 'd', 'r')""",
    "schemas": "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_'",
}
TABLES = f"""
    SELECT n.nspname::text, c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE {OWN} AND c.relkind = 'r'"""


def everything(database: Any) -> dict[str, Any]:
    """The catalog of all schemas, and a digest of the rows of each table."""
    taken: dict[str, Any] = {part: sorted(database.rows(query), key=repr) for part, query in CATALOG.items()}
    for schema, table in database.rows(TABLES):
        query = sql.SQL("SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {} t")
        taken[f"rows of {schema}.{table}"] = database.value(query.format(sql.Identifier(schema, table)))
    return taken
