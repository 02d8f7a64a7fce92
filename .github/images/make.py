"""Make the pictures of the README: a night scene, and the first screen of the page, of a sample run's report.

python tools/run_pipeline.py msrs_segment fusers=isfuse metrics.names=AG segmenter.epochs=16
python .github/images/make.py work/msrs_segment-sample/report
"""

import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
WIDTH, HEIGHT = 1000, 740
QUALITY = [cv2.IMWRITE_WEBP_QUALITY, 85]

report = Path(sys.argv[1])
scene = cv2.imread(str(next((report / "panels").glob("*N.png"))))
height = round(scene.shape[0] * WIDTH / scene.shape[1])
cv2.imwrite(str(HERE / "scene.webp"), cv2.resize(scene, (WIDTH, height), interpolation=cv2.INTER_AREA), QUALITY)
with sync_playwright() as running:
    browser = running.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    page.goto((report / "report.html").resolve().as_uri())
    shown = np.frombuffer(page.screenshot(), np.uint8)
    browser.close()
cv2.imwrite(str(HERE / "report.webp"), cv2.imdecode(shown, cv2.IMREAD_COLOR), QUALITY)
