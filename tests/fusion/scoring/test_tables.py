import csv
import json
import math

import numpy as np
import pytest

from fusion import InputError
from fusion.scoring.folder import ImageScores
from fusion.scoring.means import Mean, mean_scores, mean_with_interval
from fusion.scoring.tables import means_table, write_scores

ROWS = [
    ImageScores("average", "00", {"EN": 6.0, "MSE": 0.1, "NMI": math.nan}),
    ImageScores("average", "01", {"EN": 7.0, "MSE": 0.3, "NMI": 0.5}),
    ImageScores("maxi|mum", "00", {"EN": 0.1 + 0.2, "MSE": 0.5, "NMI": 0.5}),
    ImageScores("maxi|mum", "01", {"EN": 5.0, "MSE": 0.5, "NMI": 0.25}),
]


def read_csv(path):
    return list(csv.reader(path.read_text().splitlines()))


def test_the_interval_holds_the_mean_and_narrows_with_more_images():
    values = np.random.default_rng(0).normal(5, 2, 1000)
    few, many = mean_with_interval(values[:50], 0), mean_with_interval(values, 0)
    for found, of in ((few, values[:50]), (many, values)):
        assert found.low < found.mean < found.high
        assert found.mean == pytest.approx(of.mean())
        assert found.high - found.low == pytest.approx(2 * 1.96 * of.std() / math.sqrt(len(of)), rel=0.1)


def test_an_interval_depends_on_the_seed():
    values = np.random.default_rng(0).random(30)
    assert mean_with_interval(values, 1) == mean_with_interval(values, 1)
    assert mean_with_interval(values, 1) != mean_with_interval(values, 2)


def test_equal_values_have_an_interval_of_zero_width():
    assert mean_with_interval([0.1] * 7, 0) == Mean(*[pytest.approx(0.1, abs=1e-15)] * 3, 7)
    assert mean_with_interval([3.5], 0) == Mean(3.5, 3.5, 3.5, 1)


def test_the_interval_of_two_values_reaches_from_one_to_the_other():
    assert mean_with_interval([1.0, 2.0], 0) == Mean(1.5, 1.0, 2.0, 2)  # half of the resamples have one value twice


def test_undefined_values_are_ignored_and_not_counted():
    values = [1.0, 2.0, 4.0]
    assert mean_with_interval([math.nan, *values, math.nan], 0) == mean_with_interval(values, 0)
    assert mean_with_interval([math.nan], 0) == mean_with_interval([], 0) == Mean(None, None, None, 0)


def test_an_infinite_value_has_an_infinite_mean():
    assert mean_with_interval([math.inf] * 9 + [1.0], 0) == Mean(math.inf, math.inf, math.inf, 10)


def test_scores_csv_contains_every_value_with_all_digits(tmp_path):
    write_scores(tmp_path / "out", ROWS, "eif")
    assert read_csv(tmp_path / "out" / "scores.csv") == [
        ["method", "image", "EN", "MSE", "NMI"],
        ["average", "00", "6.0", "0.1", ""],
        ["average", "01", "7.0", "0.3", "0.5"],
        ["maxi|mum", "00", "0.30000000000000004", "0.5", "0.5"],
        ["maxi|mum", "01", "5.0", "0.5", "0.25"],
    ]


def test_means_csv_and_json_contain_the_same_means(tmp_path):
    write_scores(tmp_path, ROWS, "eif")
    header, *rows = read_csv(tmp_path / "means.csv")
    assert header == ["method", "metric", "mean", "low", "high", "n"]
    assert rows[0] == ["average", "EN", "6.5", "6.0", "7.0", "2"]
    assert rows[2] == ["average", "NMI", "0.5", "0.5", "0.5", "1"]
    facts = json.loads((tmp_path / "means.json").read_text())
    assert facts["convention"] == "eif"
    assert [[str(value) for value in row.values()] for row in facts["means"]] == rows


def test_a_metric_undefined_for_all_images_is_empty_null_and_a_dash(tmp_path):
    means = write_scores(tmp_path, [ImageScores("a", "00", {"NMI": math.nan, "PSNR_std": math.inf})], "eif")
    assert read_csv(tmp_path / "means.csv")[1:] == [
        ["a", "NMI", "", "", "", "0"],
        ["a", "PSNR_std", "inf", "inf", "inf", "1"],
    ]
    undefined, infinite = json.loads((tmp_path / "means.json").read_text())["means"]
    assert (undefined["mean"], infinite["mean"]) == (None, "inf")
    assert "| a | - | **inf** |" in means_table(means, "eif")


def test_the_table_shows_convention_direction_and_best_values():
    assert means_table(mean_scores(ROWS), "eif").splitlines()[:6] == [
        "## Fusion metrics, convention eif, mean over 2 images",
        "",
        "| method | EN ↑ | MSE ↓ | NMI ↑ |",
        "| --- | --- | --- | --- |",
        "| average | **6.500** | **0.2000** | **0.5000 (n=1)** |",
        "| maxi\\|mum | 2.650 | 0.5000 | 0.3750 |",
    ]


def test_equal_means_are_both_best():
    means = mean_scores([ImageScores(name, "00", {"EN": 1.00001}) for name in "ab"])
    assert means_table(means, "clean").count("**1.000**") == 2


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0.000"), (0.01234, "0.0123"), (6.7449, "6.745"), (62.066, "62.07"), (12345.6, "12346")]
)
def test_a_mean_is_printed_to_about_four_digits(value, text):
    assert f"**{text}**" in means_table(mean_scores([ImageScores("a", "00", {"SD": value})]), "eif")


def test_the_table_says_once_per_metric_how_many_images_it_leaves_out_and_why(tmp_path):
    small = {"MS_SSIM": "a side below 176 pixels"}
    rows = [
        ImageScores(method, image, {"MS_SSIM": value, "EN": 1.0, "NMI": math.nan if method == "b" else 0.5}, left_out)
        for method in "ab"
        for image, value, left_out in (("00", 0.5, {}), ("01", math.nan, small), ("02", math.nan, small))
    ]
    note = (
        "Left out of the means: MS_SSIM, 2 of 3 images (a side below 176 pixels); NMI, 3 of 3 images of b (undefined)."
    )
    means = write_scores(tmp_path, rows, "eif")
    assert means_table(means, "eif").splitlines()[-1] == note
    assert json.loads((tmp_path / "means.json").read_text())["left_out"] == note
    assert "Left out" not in means_table(mean_scores(rows[:1]), "eif")


def test_a_failed_method_is_a_row_with_its_reason():
    text = means_table(mean_scores(ROWS), "eif", {"isfuse": "training diverged"}, "SAMPLE: ")
    assert "## SAMPLE: Fusion metrics" in text
    assert "| isfuse | failed: training diverged |  |  |" in text


def test_a_folder_that_cannot_be_written_is_reported(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"file/scores\.csv: cannot be written"):
        write_scores(tmp_path / "file", ROWS, "eif")
