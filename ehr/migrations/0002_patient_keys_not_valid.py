"""Adds the five foreign keys from the existing tables to patients as NOT VALID, each in its own short transaction."""

import django.db.models.deletion
import migrations_safety.constraints
import migrations_safety.operations
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("ehr", "0001_initial"),
        ("patients", "0001_initial"),
    ]

    operations = [
        # In the database the column is what it was; only Django learns that it is a reference.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="bill",
                    name="patient",
                    field=models.ForeignKey(
                        db_column="patientId",
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="bills",
                        to="patients.patient",
                    ),
                ),
                migrations.AlterField(
                    model_name="insurancepolicy",
                    name="patient",
                    field=models.ForeignKey(
                        db_column="patientId",
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="insurance_policies",
                        to="patients.patient",
                    ),
                ),
                migrations.AlterField(
                    model_name="medicalrecord",
                    name="patient",
                    field=models.ForeignKey(
                        db_column="patientId",
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="medical_records",
                        to="patients.patient",
                    ),
                ),
                migrations.AlterField(
                    model_name="patientconsentinstance",
                    name="patient",
                    field=models.ForeignKey(
                        db_column="patientId",
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="consents",
                        to="patients.patient",
                    ),
                ),
                migrations.AlterField(
                    model_name="surgicalcase",
                    name="patient",
                    field=models.ForeignKey(
                        db_column="patientId",
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="surgical_cases",
                        to="patients.patient",
                    ),
                ),
            ]
        ),
        migrations_safety.operations.AddForeignKeyNotValid(
            model_name="bill",
            constraint=migrations_safety.constraints.ForeignKeyConstraint(
                field="patient", name="bills_patientId_fkey", on_delete="RESTRICT"
            ),
        ),
        migrations_safety.operations.AddForeignKeyNotValid(
            model_name="insurancepolicy",
            constraint=migrations_safety.constraints.ForeignKeyConstraint(
                field="patient", name="insurance_policies_patientId_fkey", on_delete="RESTRICT"
            ),
        ),
        migrations_safety.operations.AddForeignKeyNotValid(
            model_name="medicalrecord",
            constraint=migrations_safety.constraints.ForeignKeyConstraint(
                field="patient", name="medical_records_patientId_fkey", on_delete="RESTRICT"
            ),
        ),
        migrations_safety.operations.AddForeignKeyNotValid(
            model_name="patientconsentinstance",
            constraint=migrations_safety.constraints.ForeignKeyConstraint(
                field="patient", name="patient_consent_instances_patientId_fkey", on_delete="RESTRICT"
            ),
        ),
        migrations_safety.operations.AddForeignKeyNotValid(
            model_name="surgicalcase",
            constraint=migrations_safety.constraints.ForeignKeyConstraint(
                field="patient", name="surgical_cases_patientId_fkey", on_delete="RESTRICT"
            ),
        ),
    ]
