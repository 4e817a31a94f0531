"""Sphinx configuration: ``make docs`` builds the site into docs/_build."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "Auto-graded assignments"
author = "the contributors"
extensions = ["myst_parser", "from_source"]
myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "_ext", "screenshots/*.md"]
html_theme = "furo"
html_title = "Auto-graded assignments"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_last_updated_fmt = None
