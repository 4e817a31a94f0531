"""Names below ``localhost`` lead to this machine (RFC 6761), also where the system's resolver knows none."""

from __future__ import annotations

from urllib.parse import urlsplit


def connectable(url: str) -> tuple[str, dict[str, str]]:
    """An address that can be connected to, and the headers that name whom it is for.

    >>> connectable("http://exchange--service.hub.localhost:8000/services/exchange")
    ('http://127.0.0.1:8000/services/exchange', {'Host': 'exchange--service.hub.localhost:8000'})
    >>> connectable("https://hub.example.org/")
    ('https://hub.example.org/', {})
    """
    at = urlsplit(url)
    if at.scheme != "http" or not (at.hostname or "").endswith(".localhost"):
        return url, {}
    return at._replace(netloc=f"127.0.0.1:{at.port or 80}").geturl(), {"Host": at.netloc}
