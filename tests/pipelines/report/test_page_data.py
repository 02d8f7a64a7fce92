"""The content of a report page, without a browser."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from fusion.images.pairs import Pair
from pipelines.report.html.chart_groups import loss_by_epoch
from pipelines.report.html.charts import Chart, Point, Series, chart_svg, ticks
from pipelines.report.html.markup import confusions_html, markdown_html, paragraphs_html
from pipelines.report.html.page import write_page
from pipelines.report.html.pictures import DETAILS, MAX_BYTES, Detail, image_uri, mask_uri
from pipelines.report.html.scenes import scenes_data
from pipelines.report.panels import Panel
from pipelines.report.report import html_page
from tests.pipelines.report.page_inputs import CLASSES, CONFUSION, FUSERS, effects, panels, report


def _decode(uri: str) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(base64.b64decode(uri.partition(",")[2]), np.uint8), cv2.IMREAD_UNCHANGED)


def _page(folder: Path, kind: str, is_sample: bool = True) -> str:
    write_page(folder / "report.html", html_page(report(folder, kind, is_sample)))
    return (folder / "report.html").read_text(encoding="utf-8")


def test_a_scene_has_every_image_and_its_boxes_by_class_number(tmp_path: Path) -> None:
    (panel,) = panels(tmp_path, "boxes", count=1)
    data = scenes_data([panel], CLASSES[1:], DETAILS[0])
    (scene,) = data["scenes"]
    assert [layer["name"] for layer in scene["layers"]] == FUSERS
    assert (scene["width"], scene["height"]) == (160, 120)
    box = panel.truth[0]
    assert scene["truth"][0] == pytest.approx([CLASSES[1:].index(box.class_name), *box.xyxy], abs=0.05)
    assert [found[-1] for found in scene["layers"][0]["found"]] == [0.3, 0.4, 0.5, 0.6]
    assert json.loads(json.dumps(data))["legend"] == [["car", "#56B4E9"], ["person", "#E69F00"]]


def test_the_weakest_detections_are_left_out(tmp_path: Path) -> None:
    (panel,) = panels(tmp_path, "boxes", count=1)
    weak = replace(panel, predictions={"average": [(panel.truth[0], 0.049), (panel.truth[1], 0.051)]})
    layers = {layer["name"]: layer for layer in scenes_data([weak], CLASSES[1:], DETAILS[0])["scenes"][0]["layers"]}
    assert [box[-1] for box in layers["average"]["found"]] == [0.051]
    assert layers["infrared"]["found"] is None


def test_the_sources_are_shown_even_if_they_are_not_fusers(tmp_path: Path) -> None:
    (panel,) = panels(tmp_path, "boxes", count=1)
    only = replace(panel, fused={"average": panel.fused["average"]}, predictions=None, truth=())
    data = scenes_data([only], [], DETAILS[0])
    assert data["kind"] == ""
    assert [layer["name"] for layer in data["scenes"][0]["layers"]] == ["infrared", "visible", "average"]


def test_a_mask_is_transparent_on_background_and_grey_on_unlabelled_pixels() -> None:
    mask = np.array([[0, 1], [2, 255]], np.uint8)
    pixels = _decode(mask_uri(mask, [(9, 9, 9), (1, 2, 3), (250, 0, 0)], DETAILS[0]))
    assert pixels[..., 3].tolist() == [[0, 255], [255, 255]]
    assert pixels[0, 1].tolist() == [3, 2, 1, 255]  # BGR
    assert pixels[1, 0].tolist() == [0, 0, 250, 255]
    assert pixels[1, 1].tolist() == [127, 127, 127, 255]


def test_a_picture_keeps_its_colours_and_a_wide_one_is_scaled_down() -> None:
    image = np.zeros((20, 400, 3), np.uint8)
    image[..., 0] = 200  # red
    pixels = _decode(image_uri(image, Detail(200, 92)))
    assert pixels.shape == (10, 200, 3)
    assert np.abs(pixels.astype(int) - (0, 0, 200)).max() < 8


def test_a_wide_mask_keeps_its_classes_when_it_is_scaled_down() -> None:
    mask = np.repeat(np.array([[0, 1, 2, 255]], np.uint8), 100, axis=1)
    pixels = _decode(mask_uri(mask, [(9, 9, 9), (1, 2, 3), (250, 0, 0)], Detail(40, 92)))
    assert pixels.shape == (1, 40, 4)
    assert pixels[0, ::10, 2].tolist() == [0, 1, 250, 127]


def test_images_are_reduced_until_the_page_is_small_enough_with_a_notice(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
    source = tmp_path / "noise.png"
    cv2.imwrite(str(source), noise)
    scene = Panel(Pair("noise", source, source), dict.fromkeys(FUSERS, source))
    page = replace(html_page(report(tmp_path, "boxes")), panels=[scene])
    write_page(tmp_path / "page.html", page)
    size = (tmp_path / "page.html").stat().st_size
    write_page(tmp_path / "larger.html", replace(page, facts=[("filler", "x" * (MAX_BYTES - size + 1000))]))
    assert MAX_BYTES - size < (tmp_path / "larger.html").stat().st_size < MAX_BYTES
    notice = "keep this page below 15 MB, its images are at most 1024 pixels wide, in WebP quality 80"
    assert notice in (tmp_path / "larger.html").read_text(encoding="utf-8")
    assert "keep this page below" not in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_a_matrix_shows_the_share_of_each_true_class_with_pixels_as_tooltips() -> None:
    text = confusions_html({"a & <b>": CONFUSION}, ["background", "car", "per<son"])
    cells = re.findall(r'<td(.*?) title="(.*?)">(.*?)</td>', text)
    assert [text for *_, text in cells] == ["90", "6", "4", "", "", "", "97", "3", ""]
    assert [tooltip for _, tooltip, _ in cells][2] == "background predicted as per&lt;son: 40 pixels"
    assert [bool(re.search("dark", style)) for style, *_ in cells] == [True, *[False] * 5, True, False, False]
    assert "<caption>a &amp; &lt;b&gt;</caption>" in text


def test_a_loss_is_charted_from_zero_at_its_epochs() -> None:
    (chart,) = loss_by_epoch({"average": {1: 8.0, 3: 2.0}, "isfuse": {}}, ["infrared", "average", "isfuse"]).charts
    assert [(point.x, point.y) for point in chart.series[0].points] == [(1, 8.0), (3, 2.0)]
    assert (chart.x_range, chart.y_range, chart.series[0].number) == ((1, 3), (0, pytest.approx(8.4)), 1)
    assert "nan" not in chart_svg(chart)


def test_a_section_has_its_tables_text_and_pictures_in_order(tmp_path: Path) -> None:
    page = replace(html_page(report(tmp_path, "boxes")), sections=[effects(tmp_path)])
    write_page(tmp_path / "page.html", page)
    section = (tmp_path / "page.html").read_text().partition('<section id="effects-of-interventions">')[2]
    order = [
        "SAMPLE: Effects of interventions</h2>",
        "SAMPLE: Change</h3>",
        "<p><strong>isfuse</strong>: it holds.</p>",
    ]
    order += ["scene 0</summary>", "scene 1</summary>"]
    found = [section.index(text) for text in order]
    assert found == sorted(found)


def test_the_page_has_no_external_references(tmp_path: Path) -> None:
    page = _page(tmp_path, "masks")
    outside = re.sub(r"data:image/\w+;base64,[\w+/=]+|http://www.w3.org/2000/svg", "", page)
    assert not re.search(r"https?:|src=[\"'](?!data:)|url\(|@import", outside)


def test_names_and_reasons_are_escaped(tmp_path: Path) -> None:
    page = _page(tmp_path, "boxes")
    assert "a &amp; &lt;b&gt;" in page
    assert "failed: out of &lt;memory&gt;" in page
    assert not re.search(r"<b>|<memory>|<test>", page)


@pytest.mark.parametrize("kind", ["boxes", "masks"])
def test_every_heading_of_a_sample_is_marked_and_none_of_real_data(tmp_path: Path, kind: str) -> None:
    sample = _page(tmp_path, kind)
    assert all(text.startswith("SAMPLE: ") for text in re.findall(r"<h[123]>(.*?)</h[123]>", sample))
    assert "built-in SAMPLE of generated scenes" in sample
    assert "SAMPLE" not in _page(tmp_path, kind, is_sample=False)


def test_the_page_leads_with_the_answer(tmp_path: Path) -> None:
    lead = html_page(report(tmp_path, "masks")).lead
    assert lead == (
        "Highest mIoU: isfuse, 1.000, without a verdict (nothing to compare with); "
        "the best single camera is visible (.350)."
    )


def test_a_report_without_scenes_charts_and_metrics_has_no_such_sections(tmp_path: Path) -> None:
    bare = replace(report(tmp_path, "boxes"), panels=[], curves=[])
    bare = replace(bare, agreement=replace(bare.agreement, means={}))
    write_page(tmp_path / "bare.html", html_page(bare))
    assert re.findall(r'<section id="(\w+)">', (tmp_path / "bare.html").read_text()) == ["results", "run", "reading"]


def test_markdown_paragraphs_become_html() -> None:
    assert paragraphs_html("**a**\nb\n\nc < `d`\n") == "<p><strong>a</strong> b</p>\n<p>c &lt; <code>d</code></p>\n"


def test_a_markdown_list_becomes_html() -> None:
    text = "- **IoU** of a\n  class < 1\n- `-` means\n"
    assert markdown_html(text) == (
        "<ul><li><strong>IoU</strong> of a class &lt; 1</li><li><code>-</code> means</li></ul>\n"
    )


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 1, [0, 0.25, 0.5, 0.75, 1]), (61.2, 66.9, [62, 63, 64, 65, 66]), (1, 8, [2, 4, 6, 8])],
)
def test_ticks_are_few_and_round(low: float, high: float, expected: list[float]) -> None:
    assert ticks(low, high) == pytest.approx(expected)


def test_a_chart_of_one_point_can_be_drawn() -> None:
    svg = chart_svg(Chart("AG", "AG", "mIoU", [Series("isfuse", 9, [Point(0.0, 0.0, "here")], line=False)]))
    assert "nan" not in svg
    assert "<title>here</title>" in svg
    assert 'class="s2 d1"' in svg
