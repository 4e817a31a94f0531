"""The built site in a real browser: accessible, and without sideways scrolling on a phone."""

import subprocess
import sys
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.needs import WCAG

pytestmark = [pytest.mark.slow, pytest.mark.browser]
DOCS = Path(__file__).parents[2] / "docs"
OF_THE_TOOL = {"search.html", "genindex.html"}  # made by Sphinx, not by us


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built pages."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-d", folder / "trees", DOCS, folder / "html"]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "html"


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1280)])
def test_every_page_is_accessible_and_fits(chromium, site, scheme, width):
    """No violation of WCAG 2.1 AA and no sideways scrolling, on a phone and on a desk."""
    pages = [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]
    page = chromium.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
    for path in pages:
        if path.name in OF_THE_TOOL:
            continue
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path.name
        found = Axe().run(page, options=WCAG)
        assert found.violations_count == 0, f"{path.name}: {found.generate_report()}"
    page.close()
    assert len(pages) > 20
