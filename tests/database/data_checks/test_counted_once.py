"""Rows are read once for all demands, and not again for what is known already."""

from tests.support.data_checks import check, data_checks, look, measured_on


def test_all_conditions_of_a_table_are_counted_in_one_scan(ward, make):
    ward.migration(
        "migrations.AlterField('Bed', 'note', models.CharField(max_length=1)), migrations.RunSQL("
        "'ALTER TABLE ward_bed ADD CHECK (id > 0), ADD CHECK (id > 1), ADD CHECK (length(note) < 9)')"
    )
    measured = measured_on(ward.connection, make("empty"))
    sent = []

    def note(execute, sql, params, many, context):
        sent.append(sql)
        return execute(sql, params, many, context)

    with ward.connection.execute_wrapper(note):
        judged = check(ward.connection, measured)

    assert len(judged.checks) >= 5
    assert len([one for one in sent if 'FROM ONLY "public"."ward_bed"' in one]) == 1


def test_a_constraint_that_is_made_again_in_the_same_shape_demands_nothing(ward, make):
    ward.migration("migrations.RunSQL('ALTER TABLE ward_bed ADD CONSTRAINT a CHECK (id > 0), ADD UNIQUE (note)')")
    assert ward.apply() is None
    ward.migration(
        "migrations.RunSQL('ALTER TABLE ward_bed DROP CONSTRAINT a, ADD CONSTRAINT b CHECK (id > 0)'), "
        "migrations.RunSQL('ALTER TABLE ward_bed DROP CONSTRAINT ward_bed_note_key, ADD UNIQUE (note)'), "
        "migrations.RunSQL('ALTER TABLE ward_bed ADD CONSTRAINT c CHECK (id > 5) NOT VALID')"
    )

    assert look(ward, make).review.data.checks == ()


def test_a_key_of_the_models_is_told_by_the_references_alone(ward, make):
    ward.migration(
        "migrations.CreateModel('Sign', [('id', models.AutoField(primary_key=True)), "
        "('bed', models.IntegerField(null=True, db_column='bed_id'))])"
    )
    assert ward.apply() is None
    ward.database.execute("INSERT INTO ward_sign (bed_id) VALUES (1), (77), (78), (NULL)")
    ward.migration("migrations.AlterField('Sign', 'bed', models.ForeignKey('ward.Bed', models.CASCADE, null=True))")

    report = look(ward, make)

    assert [one.id for one in report.findings if one.id.startswith(("data.", "references.E"))] == ["references.E001"]
    assert data_checks(report) == [("foreign_key", "bed_id", 2, None)]
