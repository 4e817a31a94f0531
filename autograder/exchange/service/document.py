"""The OpenAPI document of the JSON interface, for who writes programs against it.

FastAPI knows paths and parameters. What all operations share is added here: the token, the errors, and the
body of an upload, which is read as bytes because it is counted before it is parsed.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

PUBLIC = ("/api/health", "/api/receipt-key")  # ends of paths that ask for no token
UPLOADS = ("submit", "look", "upload_release", "upload_feedback")  # functions that take files
SOON = {"503": "The database or the hub does not answer. Try again soon."}
ERRORS = {
    "400": "The request is not what is expected.",
    "401": "No valid token.",
    "403": "The caller may not do this.",
    "404": "There is no such unit, attempt or file, or it is another's.",
    "409": "Not now: the text says what has to happen before.",
    "413": "It is too large, or too many files.",
    "422": "It is well formed, and cannot be taken.",
    "429": "Too many requests. Retry-After says when to come back.",
    "507": "The disk is full. Nothing was stored.",
    **SOON,
}
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string", "description": "A sentence for who asked."}},
}
_FILE = {
    "type": "object",
    "required": ["path", "content"],
    "properties": {"path": {"type": "string"}, "content": {"type": "string", "description": "base64"}},
}
_UPLOAD = {
    "type": "object",
    "required": ["files"],
    "properties": {
        "files": {"type": "array", "items": {"$ref": "#/components/schemas/File"}},
        "key": {"type": "string", "maxLength": 64, "description": "the same request sent twice is one"},
        "client_time": {"type": "string", "maxLength": 64},
    },
}
_TOKEN = {
    "type": "apiKey",
    "in": "header",
    "name": "Authorization",
    "description": "'token ' and a token of the hub",
}


class Documented(FastAPI):
    """An application whose document says what it answers when it refuses."""

    def openapi(self) -> dict[str, Any]:
        """The document; made once."""
        if self.openapi_schema is None:
            self.openapi_schema = _completed(super().openapi())
        return self.openapi_schema


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    document["components"] = {
        "schemas": {"Error": _ERROR, "File": _FILE, "Upload": _UPLOAD},
        "securitySchemes": {"token": _TOKEN},
    }
    for path, operations in document["paths"].items():
        public = path.endswith(PUBLIC)
        for operation in operations.values():
            operation["responses"].pop("422", None)  # FastAPI's own shape, which is not what we answer
            errors = SOON if public else ERRORS
            operation["responses"] |= {code: _refusal(words) for code, words in errors.items()}
            if not public:
                operation["security"] = [{"token": []}]
            if operation["operationId"].startswith(UPLOADS):
                upload = {"application/json": {"schema": {"$ref": "#/components/schemas/Upload"}}}
                operation["requestBody"] = {"required": True, "content": upload}
    return document


def _refusal(words: str) -> dict[str, Any]:
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {"description": words, "content": error}
