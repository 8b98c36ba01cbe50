"""The measurements as one picture: how many times as fast as the rival, with the spread of the rounds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

RATIOS = {
    "times_as_fast_as_the_review": ("census: times as fast as the review", 4.0),
    "times_the_floor": ("census: times five bare counts", 5.0),
    "times_the_single_insert": ("backfill: times the single INSERT", 1.0),
}


def draw(results: list[dict[str, Any]], file: Path) -> None:
    """One panel for each ratio: a bar for each hospital, a line for the target; SVG or PNG by the file's name."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    panels = {name: [one for one in results if name in one] for name in RATIOS}
    panels = {name: found for name, found in panels.items() if found}
    height = 1.2 + sum(0.6 + 0.35 * len(found) for found in panels.values())
    figure, axes = pyplot.subplots(
        len(panels), squeeze=False, figsize=(9, height), height_ratios=[1 + len(found) for found in panels.values()]
    )
    for (name, found), axis in zip(panels.items(), axes[:, 0], strict=True):
        title, target = RATIOS[name]
        medians = [one[name]["median"] for one in found]
        spreads = [
            [middle - one[name]["min"] for one, middle in zip(found, medians, strict=True)],
            [one[name]["max"] - middle for one, middle in zip(found, medians, strict=True)],
        ]
        axis.barh([one["label"] for one in found], medians, xerr=spreads, capsize=3, color="#4c78a8")
        axis.axvline(target, color="#e45756", linestyle="--", label=f"target {target:g}")
        axis.invert_yaxis()
        axis.set_title(title, loc="left", fontsize=10)
        axis.legend(fontsize=8, loc="lower right")
    figure.tight_layout()
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, metadata={"Date": None})
    pyplot.close(figure)
