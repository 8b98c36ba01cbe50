"""Models of every kind that `verify_schema` has to compare; plain Django makes their tables."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import (
    ArrayField,
    BigIntegerRangeField,
    DateRangeField,
    DateTimeRangeField,
    DecimalRangeField,
    IntegerRangeField,
    RangeOperators,
)
from django.contrib.postgres.indexes import BrinIndex, BTreeIndex, GinIndex, GistIndex, HashIndex, OpClass, SpGistIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Deferrable, F, Q, UniqueConstraint
from django.db.models.functions import Coalesce, Collate, Lower, Now, Upper

from migrations_safety.constraints import ForeignKeyConstraint, NamedIndex, UniqueIndex


class MoneyField(models.Field):  # type: ignore[type-arg]
    """A field of the project's own, of a type that Django has no field for."""

    def db_type(self, connection):
        return "numeric(14,4)"


class Stamped(models.Model):
    """Abstract: its fields and index are in each table."""

    created = models.DateTimeField(auto_now_add=True, db_index=True)
    changed = models.DateTimeField(db_default=Now())

    class Meta:
        abstract = True
        indexes = [models.Index(fields=["-changed"])]


class Place(Stamped):
    name = models.CharField(max_length=80, unique=True)
    code = models.SlugField(primary_key=True)
    order = models.PositiveSmallIntegerField(default=3, db_comment="how places are sorted")
    latin = models.CharField(max_length=20, db_collation="C")
    upper = models.GeneratedField(
        expression=Upper("latin"), output_field=models.CharField(max_length=20), db_persist=True
    )

    class Meta(Stamped.Meta):
        db_table_comment = "where goods are"


class Shelf(Place):
    """Inherited: its key is the parent's."""

    depth = models.DecimalField(max_digits=8, decimal_places=3, db_default=0.5)

    class Meta:
        indexes = [models.Index(fields=["depth"])]


class Tall(Shelf):
    class Meta:
        proxy = True


class Supplier(models.Model):
    id = models.SmallAutoField(primary_key=True)
    site = models.URLField(unique=True)
    mail = models.EmailField(db_index=True)
    notes = models.TextField(db_index=True, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True)
    groups = models.ManyToManyField(Group)
    friends = models.ManyToManyField("self")


class Thing(Stamped):
    flag = models.BooleanField(db_default=True)
    maybe = models.BooleanField(null=True)
    small = models.SmallIntegerField(db_default=-1)
    number = models.IntegerField(db_index=True)
    big = models.BigIntegerField(null=True)
    positive = models.PositiveIntegerField(default=0)
    positive_big = models.PositiveBigIntegerField(default=0)
    ratio = models.FloatField(db_default=0.25)
    price = MoneyField()
    title = models.CharField(max_length=50, db_default="it's 100% new")
    endless = models.CharField(blank=True)
    day = models.DateField(null=True, db_default=None)
    at = models.TimeField()
    lasts = models.DurationField()
    uid = models.UUIDField(unique=True)
    ip = models.GenericIPAddressField(null=True)
    raw = models.BinaryField()
    file = models.FileField()
    data = models.JSONField(db_default={"a": "{b} %s"})
    tags = ArrayField(models.CharField(max_length=9), db_default=[])
    grid = ArrayField(ArrayField(models.IntegerField(), size=2), null=True, db_index=True)
    span = IntegerRangeField(null=True)
    big_span = BigIntegerRangeField(null=True)
    amount = DecimalRangeField(null=True)
    days = DateRangeField(null=True)
    period = DateTimeRangeField()
    words = SearchVectorField(null=True)
    total = models.GeneratedField(
        expression=F("number") * Coalesce(F("big"), 2), output_field=models.BigIntegerField(), db_persist=True
    )
    place = models.ForeignKey(Place, models.CASCADE)
    shelf = models.OneToOneField(Shelf, models.SET_NULL, null=True, related_name="+")
    supplier = models.ForeignKey(Supplier, models.DO_NOTHING, db_constraint=False, related_name="+")
    loose = models.ForeignKey(Supplier, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    by_uid = models.ForeignKey("self", models.CASCADE, to_field="uid", null=True, related_name="+")
    parts = models.ManyToManyField("self", through="Part", symmetrical=False)
    kind = models.ForeignKey(ContentType, models.CASCADE)
    target = GenericForeignKey("kind", "number")

    class Meta(Stamped.Meta):
        ordering = ["number"]
        db_table = "warehouse Thing"
        unique_together = [("number", "title"), ("title", "at")]
        indexes = [
            *Stamped.Meta.indexes,
            models.Index(fields=["title", "-number"], name="thing_plain"),
            models.Index(Lower("title").desc(nulls_last=True), F("number"), name="thing_lower"),
            models.Index(fields=["number"], name="thing_partial", condition=Q(flag=True, title__in=["a", "b'c%"])),
            models.Index(fields=["title"], name="thing_pattern", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["big"], name="thing_default", opclasses=["int8_ops"]),
            models.Index(fields=["number"], include=["title", "big"], name="thing_covering"),
            models.Index(Collate("title", "C"), name="thing_collated"),
            models.Index(Collate(Lower("title"), "C").desc(), name="thing_collated_too"),
            models.Index(OpClass(Lower("title"), name="text_pattern_ops"), name="thing_class"),
            models.Index(F("data__a"), name="thing_json"),
            models.Index(F("number") + F("small"), name="thing_sum"),
            BrinIndex(fields=["created"], pages_per_range=16, autosummarize=True, name="thing_brin"),
            BTreeIndex(fields=["number"], fillfactor=70, deduplicate_items=False, name="thing_btree"),
            GinIndex(fields=["data"], name="thing_gin", opclasses=["jsonb_path_ops"]),
            GinIndex(fields=["tags"], name="thing_gin_tags", fastupdate=False),
            GinIndex(SearchVector("title", config="english"), name="thing_search"),
            GistIndex(fields=["period"], name="thing_gist"),
            HashIndex(fields=["uid"], name="thing_hash"),
            SpGistIndex(fields=["span"], name="thing_spgist"),
            NamedIndex(fields=["flag"], name="the_index_of_things_by_their_flag_which_has_a_long_name"),
            UniqueIndex(fields=["small"], name="thing_small_key", condition=Q(small__gt=0)),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(number__gte=0) | Q(big__isnull=True), name="thing_check"),
            models.CheckConstraint(condition=Q(title__startswith="x%") | Q(maybe=False), name="thing_like"),
            models.CheckConstraint(condition=Q(small__lt=F("number")) & ~Q(ratio__range=(1, 2)), name="thing_range"),
            models.CheckConstraint(condition=Q(title__in=["a", "b"], day__year__gt=2000), name="thing_in"),
            UniqueConstraint(fields=["number", "flag"], name="thing_unique"),
            UniqueConstraint(fields=["big"], name="thing_nulls", nulls_distinct=False),
            UniqueConstraint(fields=["at"], name="thing_deferred", deferrable=Deferrable.DEFERRED),
            UniqueConstraint(fields=["lasts"], name="thing_immediate", deferrable=Deferrable.IMMEDIATE),
            UniqueConstraint(fields=["day"], condition=Q(flag=True), name="thing_unique_partial"),
            UniqueConstraint(fields=["number"], include=["title"], name="thing_unique_covering"),
            UniqueConstraint(Lower("title"), F("day").desc(), name="thing_unique_lower"),
            UniqueConstraint(fields=["title"], opclasses=["varchar_pattern_ops"], name="thing_unique_class"),
            UniqueConstraint(
                fields=["ratio"], condition=Q(maybe=True), nulls_distinct=False, name="thing_unique_everything"
            ),
            ExclusionConstraint(
                name="thing_exclusion",
                expressions=[("period", RangeOperators.OVERLAPS), ("days", RangeOperators.ADJACENT_TO)],
                condition=Q(flag=True),
                include=["number"],
            ),
            ExclusionConstraint(
                name="thing_exclusion_deferred",
                expressions=[(OpClass("period", name="range_ops"), RangeOperators.OVERLAPS)],
                index_type="SPGIST",
                deferrable=Deferrable.DEFERRED,
            ),
            ForeignKeyConstraint(field="supplier", name="thing_supplier_fkey", on_delete="RESTRICT"),
        ]


class Part(models.Model):
    id = models.AutoField(primary_key=True)
    whole = models.ForeignKey(Thing, models.CASCADE, related_name="+")
    part = models.ForeignKey(Thing, models.CASCADE, related_name="+")
    count = models.PositiveIntegerField()


class Stock(models.Model):
    pk = models.CompositePrimaryKey("row", "number")
    row = models.CharField(max_length=4)
    number = models.IntegerField()
    place = models.ForeignKey(Place, models.CASCADE)


class Elsewhere(models.Model):
    class Meta:
        db_table = '"annex"."Elsewhere"'


class Legacy(models.Model):
    text = models.CharField(max_length=3)

    class Meta:
        managed = False
        db_table = "legacy_rows"
