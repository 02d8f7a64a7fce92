"""The page of a report in a real browser."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.report.html.page import write_page
from pipelines.report.report import html_page
from tests.pipelines.report.page_inputs import FUSERS, effects, report

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH")
LARGEST = 15e6  # bytes


def _write(folder: Path, kind: str, **of_panels: int) -> Path:
    path = folder / f"{kind}.html"
    write_page(path, html_page(report(folder, kind, **of_panels)))
    return path


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    with_effects = replace(html_page(report(folder, "boxes")), sections=[effects(folder)])
    write_page(folder / "effects.html", with_effects)
    written = {kind: _write(folder / kind, kind) for kind in ("boxes", "masks")}
    return {**written, "effects": folder / "effects.html"}


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: playwright.Browser, pages: dict[str, Path]) -> Iterator:
    """Open a page in a window; at the end, check that nothing was logged and no network was used."""
    contexts, faults = [], []

    def open_(page: str | Path, width: int = 1280) -> playwright.Page:
        contexts.append(browser.new_context(viewport={"width": width, "height": 800}))
        tab = contexts[-1].new_page()
        tab.on("console", lambda message: faults.append(message.text))
        tab.on("pageerror", lambda error: faults.append(str(error)))
        allowed = pages.get(page, page)
        tab.on("request", lambda r: r.url.startswith(("data:", f"file://{allowed}")) or faults.append(r.url))
        tab.goto(f"file://{allowed}")
        return tab

    yield open_
    for context in contexts:
        context.close()
    assert faults == []


def _column(tab: playwright.Page, table: int, column: int) -> list[str]:
    rows = tab.locator("table").nth(table).locator("tbody tr")
    return [row.locator("th, td").nth(column).inner_text() for row in rows.all()]


def _clip(tab: playwright.Page) -> float:
    """Return how much of the right image is clipped, in percent."""
    clip = tab.evaluate("getComputedStyle(document.getElementById('layer-right')).clipPath")
    return float(re.search(r"([\d.]+)%\)$", clip)[1])


def _places(tab: playwright.Page) -> list[dict[str, float]]:
    return tab.evaluate("[...document.querySelectorAll('.view')].map(v => v.getBoundingClientRect().toJSON())")


@pytest.mark.parametrize("kind", ["boxes", "masks"])
def test_a_click_on_a_heading_sorts_by_number_and_a_failed_fuser_stays_last(open_page, kind) -> None:
    tab = open_page(kind)
    head = tab.locator("table").first.locator("thead th").nth(1)
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert _column(tab, 0, 0) == ["isfuse", "laplacian", "maximum", "average", "visible", "infrared", "a & <b>"]
    head.locator("button").press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert _column(tab, 0, 0) == ["infrared", "visible", "average", "maximum", "laplacian", "isfuse", "a & <b>"]
    assert tab.locator("[aria-sort]").count() == 1


def test_the_row_of_rank_correlations_stays_below_the_sorted_rows(open_page) -> None:
    tab = open_page("boxes")
    table = tab.locator("#metrics table")
    table.locator("thead button").first.click()
    assert table.locator("tr").last.locator("th").inner_text() == "rank correlation"


def test_the_slider_and_the_arrow_keys_move_the_divider(open_page) -> None:
    tab = open_page("masks")
    assert _clip(tab) == 50
    tab.locator("#split").fill("20")
    assert _clip(tab) == 20
    tab.locator("#split").press("ArrowRight")
    assert _clip(tab) == 20.5
    tab.locator("#stage").press("ArrowRight")
    assert _clip(tab) == 22.5
    assert tab.locator("#split").input_value() == "22.5"


def test_dragging_moves_the_divider_to_the_mouse(open_page) -> None:
    tab = open_page("boxes")
    tab.locator("#stage").scroll_into_view_if_needed()
    box = tab.locator("#stage").bounding_box()
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + 50)
    tab.mouse.down()
    tab.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 50)
    tab.mouse.up()
    assert _clip(tab) == pytest.approx(75, abs=0.5)


def test_zoom_changes_both_images_equally_and_a_drag_then_moves_both(open_page) -> None:
    tab = open_page("boxes")
    whole = tab.locator("#stage").bounding_box()["width"]
    tab.locator("#in").click()
    left, right = _places(tab)
    assert left == right
    assert left["width"] == pytest.approx(1.5 * whole, rel=1e-3)
    tab.locator("#stage").scroll_into_view_if_needed()
    box = tab.locator("#stage").bounding_box()
    before = _places(tab)[0]
    tab.mouse.move(box["x"] + 100, box["y"] + 100)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 130, box["y"] + 90)
    tab.mouse.up()
    left, right = _places(tab)
    assert left == right
    assert (left["x"] - before["x"], left["y"] - before["y"]) == pytest.approx((30, -10), abs=0.5)
    assert _clip(tab) == 50
    tab.mouse.wheel(0, -200)  # the stage has the focus
    assert _places(tab)[0]["width"] > left["width"]
    tab.locator("#whole").click()
    assert _places(tab)[1]["width"] == pytest.approx(whole)


def test_both_images_of_a_pair_keep_their_aspect_ratio(open_page) -> None:
    box = open_page("masks").locator("#stage").bounding_box()
    assert box["width"] / box["height"] == pytest.approx(160 / 120, rel=0.01)


def test_boxes_can_be_hidden_and_filtered_by_score(open_page) -> None:
    tab = open_page("boxes")
    assert tab.locator("#layer-left g.truth").count() == 5
    assert tab.locator("#layer-left g.found text").all_text_contents()[-1].endswith(" .60")
    tab.get_by_label("Minimum score").fill("0.45")
    assert tab.locator("#layer-left g.found").count() == 2
    assert tab.get_by_label("Minimum score").locator("+ output").inner_text() == ".45"
    tab.get_by_label("Minimum score").fill("0.3")
    tab.get_by_role("checkbox", name="Ground truth").uncheck()
    assert tab.locator("#stage g.truth").count() == 0
    assert tab.locator("#stage g.found").count() == 8
    tab.get_by_role("checkbox", name="Detections").uncheck()
    assert tab.locator("#stage g").count() == 0
    assert not tab.get_by_role("checkbox", name="Masks").is_visible()


def test_masks_can_be_hidden_and_show_ground_truth_or_prediction(open_page) -> None:
    tab = open_page("masks")
    predicted = tab.locator("#layer-left .mask").get_attribute("src")
    tab.get_by_role("radio", name="Ground truth").check()
    true = tab.locator("#layer-left .mask").get_attribute("src")
    assert true != predicted
    assert tab.locator("#layer-right .mask").get_attribute("src") == true
    tab.get_by_role("checkbox", name="Masks").uncheck()
    assert tab.locator("#stage .mask").count() == 0
    assert tab.locator("#legend li").all_inner_texts() == ["car", "person"]


def test_scene_and_both_images_can_be_chosen(open_page) -> None:
    tab = open_page("boxes")
    tab.get_by_role("button", name="00001D").press("Enter")
    assert tab.locator(".thumbs [aria-pressed=true]").inner_text() == "00001D"
    tab.get_by_label("Left", exact=True).select_option("infrared")
    tab.get_by_label("Right", exact=True).select_option("average")
    images = tab.locator("#stage .view > img")
    assert images.first.get_attribute("alt") == "scene 00001D, infrared"
    assert images.last.get_attribute("alt") == "scene 00001D, average"
    assert all(image.evaluate("i => i.decode().then(() => i.naturalWidth)") == 160 for image in images.all())
    tab.get_by_label("Swap left and right").click()
    assert tab.locator("#stage .view > img").first.get_attribute("alt") == "scene 00001D, average"


def test_every_control_is_reached_by_tab_and_shows_the_focus(open_page) -> None:
    tab = open_page("boxes")
    expected = tab.locator(
        "a:visible, button:enabled:visible, select:visible, input:visible, [tabindex='0']:visible"
    ).count()
    reached, unseen = set(), []
    for _ in range(expected):
        tab.keyboard.press("Tab")
        number, seen = tab.evaluate(
            "[[...document.querySelectorAll('*')].indexOf(document.activeElement),"
            "getComputedStyle(document.activeElement).outlineStyle !== 'none']"
        )
        reached.add(number)
        if not seen:
            unseen.append(number)
    assert (len(reached), unseen) == (expected, [])


def test_pictures_load_when_they_are_opened_and_a_click_or_a_key_enlarges_them(open_page) -> None:
    tab = open_page("effects")
    pictures = tab.locator("#effects-of-interventions details.picture")
    assert [picture.evaluate("p => p.open") for picture in pictures.all()] == [True, False]
    pictures.last.locator("summary").press("Enter")
    images = pictures.locator("img")
    assert images.last.evaluate("i => i.decode().then(() => i.naturalWidth)") == 2048
    assert images.first.evaluate("i => i.decode().then(() => i.naturalWidth)") == 2048
    fitting = images.first.bounding_box()["width"]
    assert fitting == pytest.approx(pictures.first.bounding_box()["width"], abs=3)
    pictures.first.get_by_role("button").click()
    assert images.first.bounding_box()["width"] == 2048
    pictures.first.get_by_role("button").press("Enter")
    assert images.first.bounding_box()["width"] == fitting


def test_a_matrix_per_fuser_is_linked_and_its_numbers_are_legible(open_page) -> None:
    tab = open_page("masks")
    tab.get_by_role("link", name="Confusion matrices").click()
    tables = tab.locator("#confusions table")
    assert tables.locator("caption").all_inner_texts() == FUSERS[:-1]  # the last one failed
    assert tables.first.locator("tbody tr").first.locator("td").all_inner_texts() == ["90", "6", "4"]
    colours = "c => [getComputedStyle(c).color, getComputedStyle(c).backgroundColor]"
    dark, light = (tables.first.locator("tbody td").nth(number).evaluate(colours) for number in (0, 1))
    assert dark[0] != light[0]
    assert dark[1] != light[1]


def test_the_training_loss_is_charted_for_a_detector(open_page) -> None:
    tab = open_page("boxes")
    assert tab.locator("#charts h3").all_inner_texts()[-1] == "SAMPLE: Training"
    assert "infrared, epoch 3: 3.000" in tab.locator("#charts title").all_text_contents()


@pytest.mark.parametrize("kind", ["boxes", "masks", "effects"])
def test_a_phone_scrolls_down_only(open_page, kind) -> None:
    tab = open_page(kind, width=375)
    assert tab.evaluate("document.documentElement.scrollWidth") == 375


def test_the_command_can_be_copied_as_it_was_typed(open_page) -> None:
    tab = open_page("boxes")
    assert tab.locator(".command code").inner_text() == "python tools/run_pipeline.py msrs_detect 'a=b & c'"
    tab.get_by_role("button", name="Copy").click()
    tab.get_by_role("button", name=re.compile("Copied|Selected")).wait_for()


def test_curves_and_points_have_tooltips(open_page) -> None:
    boxes, masks = open_page("boxes"), open_page("masks")
    tooltips = boxes.locator("#charts svg.chart").first.locator("title").all_text_contents()
    assert tooltips[0] == "infrared, area 0.500"
    assert "average, epoch 2: 0.400" in masks.locator("#charts title").all_text_contents()
    assert "isfuse: AG 7.5, mAP50 1.000" in boxes.locator("#metrics title").all_text_contents()


def test_a_page_of_seven_methods_and_twelve_scenes_is_within_the_limit_and_opens(open_page, tmp_path: Path) -> None:
    path = _write(tmp_path, "boxes", count=12, width=640, height=480)
    assert path.stat().st_size < LARGEST
    tab = open_page(path)
    assert tab.locator(".thumbs button").count() == 12
    assert tab.locator("#left option").all_inner_texts() == FUSERS


def test_fingers_move_the_divider_zoom_and_scroll_the_page(browser, pages) -> None:
    context = browser.new_context(viewport={"width": 375, "height": 700}, has_touch=True, is_mobile=True)
    tab = context.new_page()
    tab.goto(f"file://{pages['boxes']}")
    tab.locator(".controls").evaluate("controls => controls.scrollIntoView({behavior: 'instant'})")
    fingers = context.new_cdp_session(tab)
    box = tab.locator("#stage").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def move(start: list[tuple[float, float]], steps: list[tuple[float, float]]) -> None:
        for number in range(11):
            at = [{"x": a + number * dx, "y": b + number * dy} for (a, b), (dx, dy) in zip(start, steps, strict=True)]
            points = [{**point, "id": finger} for finger, point in enumerate(at)]
            kind = "touchMove" if number else "touchStart"
            fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    move([(x, y)], [(8, 0)])
    moved = _clip(tab)
    assert moved == pytest.approx(50 + 100 * 80 / box["width"], abs=8)  # the browser takes some pixels to decide
    move([(x - 40, y)], [(0, -10)])
    assert _clip(tab) == moved
    assert _places(tab)[0]["width"] == pytest.approx(box["width"])
    tab.locator(".controls").evaluate("controls => controls.scrollIntoView({behavior: 'instant'})")
    move([(x - 30, y), (x + 30, y)], [(-3, 0), (3, 0)])
    left, right = _places(tab)
    assert left == right
    assert left["width"] == pytest.approx(2 * box["width"], rel=0.1)
    context.close()
