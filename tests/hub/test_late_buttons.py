"""nbgrader's server extensions, which are loaded after the server is up."""

import importlib
import json
import re

from autograder.hub.servers.buttons import ADDRESSES
from tests.hub.support import ROOT

SETTINGS = ROOT / "autograder/hub/server_settings/everyone/jupyter_server_config.json"


def test_each_of_their_addresses_waits_for_them():
    """Who opens the list within the first seconds waits, rather than reads "Loading" for good."""
    modules = json.loads(SETTINGS.read_text())["Buttons"]["modules"]
    addresses = [
        handler[0]
        for name in modules
        for handler in importlib.import_module(f"{name}.handlers").default_handlers
    ]
    assert "/courses" in addresses
    for address in addresses:
        assert re.fullmatch(ADDRESSES, address), address
