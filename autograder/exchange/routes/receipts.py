"""The page on which a receipt is checked."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.datastructures import UploadFile
from starlette.responses import Response

from ...marks import attempts
from ..service.session import FormOf, LoginSession, SessionOf, download
from ..store.receipts import LONGEST, ForgedReceipt, Receipt, fingerprint, received_in, verify_receipt

ROUTES = APIRouter()


@ROUTES.get("/receipt")
def receipt_form(session: SessionOf) -> Response:
    """Paste a receipt, or choose its file."""
    return _page(session)


@ROUTES.post("/receipt")
async def check_receipt(session: SessionOf, form: FormOf) -> Response:
    """Say what a receipt says, and whether this exchange signed it."""
    given = form.get("file")
    text = str(form.get("text") or "")
    if isinstance(given, UploadFile) and given.filename:
        text = (await given.read(LONGEST)).decode("ascii", "replace")
    try:
        return _page(session, text, receipt=verify_receipt(text, session.desk.signer.public_key()))
    except ForgedReceipt as error:
        return _page(session, text, trouble=str(error), status=422)


@ROUTES.get("/receipt-key.pem")
def public_key(session: SessionOf) -> Response:
    """The public key as a file, for ``course receipt``."""
    return download(session.desk.signer.public_key().encode(), "receipt-key.pem")


def _page(
    session: LoginSession,
    text: str = "",
    receipt: Receipt | None = None,
    trouble: str = "",
    status: int = 200,
) -> Response:
    desk = session.desk
    return session.page(
        "exchange/receipt.html",
        status,
        text=text,
        receipt=receipt,
        trouble=trouble,
        mine=receipt is not None and _is_visible(session, receipt),
        fingerprint=fingerprint(desk.signer.public_key()),
        received=None if receipt is None else received_in(receipt, desk.course.zone),
    )


def _is_visible(session: LoginSession, receipt: Receipt) -> bool:
    """Whether the caller may see the attempt, and it is still here."""
    if not session.member.may_see(receipt.student):
        return False
    with session.desk.database.read() as connection:
        return attempts.find(connection, receipt.attempt) is not None
