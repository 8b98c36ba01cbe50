"""A disk that is too small is seen before the dump, and one that gets full leaves no archive."""

import pytest

from tests.support.backups import LARGE, backup, hidden_and_archives


@pytest.mark.parametrize("form", [(), ("--jobs", "2")])
def test_a_disk_that_gets_full_leaves_no_archive(empty, small_disk, form):
    empty.execute(LARGE.format(rows=150_000))  # 19 MB of tables, 8 MB of archive: more than a tenth

    folder = small_disk(4)

    done = backup(empty, folder / "x", "--no-restore-test", *form)

    assert done.code == 2, done.said
    assert "There is no backup:" in done.err
    assert hidden_and_archives(folder / "x") == []


def test_a_disk_that_is_too_small_is_seen_before(empty, small_disk):
    empty.execute(LARGE.format(rows=600_000))

    done = backup(empty, small_disk(4), "--no-restore-test")

    assert done.code == 2
    assert "needs at least" in done.err
