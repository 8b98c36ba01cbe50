"""The table of merges, which stays when the merged patients are deleted."""

from __future__ import annotations

from django.db import models

from migrations_safety.constraints import NamedIndex
from migrations_safety.fields import CurrentTimestamp, IdField, TimestampField, new_id


class PatientMergeHistory(models.Model):
    """The record of a merge of two patients; it has no foreign keys, because it stays when both are deleted."""

    id = IdField(primary_key=True, default=new_id)
    source_patient_id = IdField(db_column="sourcePatientId")
    target_patient_id = IdField(db_column="targetPatientId")
    reason = models.TextField()
    source_snapshot = models.JSONField(db_column="sourceSnapshot")
    target_snapshot = models.JSONField(db_column="targetSnapshot")
    moved_records = models.JSONField(db_column="movedRecords")
    merged_at = TimestampField(db_column="mergedAt", db_default=CurrentTimestamp())
    merged_by = IdField(db_column="mergedBy")
    reversed_at = TimestampField(db_column="reversedAt", null=True)
    reversed_by = IdField(db_column="reversedBy", null=True)
    reversal_reason = models.TextField(db_column="reversalReason", null=True)
    version = models.IntegerField(db_default=1)

    class Meta:
        db_table = "patient_merge_history"
        indexes = [
            NamedIndex(fields=["source_patient_id"], name="patient_merge_history_sourcePatientId_idx"),
            NamedIndex(fields=["target_patient_id"], name="patient_merge_history_targetPatientId_idx"),
            NamedIndex(fields=["merged_at"], name="patient_merge_history_mergedAt_idx"),
        ]
