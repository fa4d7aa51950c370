"""Reads EML: the text of a mail with its subject, date and sender; attachments are not read."""

from __future__ import annotations

import datetime as dt
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from assistant.ingest.cleaning import clean_title
from assistant.ingest.readers import html, text
from assistant.ingest.readers.source import SourceFile
from assistant.schema import Document

MEDIA_TYPE = "message/rfc822"


def read(source: SourceFile) -> Document:
    """Reads a mail: its HTML text when it has one, for structure, else its plain text.

    Raises:
        DocumentError: It has no text.
    """
    message = BytesParser(policy=policy.default).parsebytes(source.data)
    body = message.get_body(("html", "plain")) if isinstance(message, EmailMessage) else None
    if body is None:
        raise source.error("is no mail with text.", "Save its text or its attachment and add that.")
    content = body.get_content()
    if not isinstance(content, str):
        raise source.error("has text in an encoding that is not known.", "Save it as text.")
    if body.get_content_subtype() == "html":
        document = html.read_markup(source, content)
    else:
        document = text.read_text(source, content)
    subject = str(message.get("Subject", ""))
    found: dict[str, object] = {"media_type": MEDIA_TYPE, "date": _date(message) or document.date}
    if title := clean_title(subject):
        found["title"] = title
    return document.model_copy(update=found)


def _date(message: EmailMessage) -> dt.date | None:
    header = message.get("Date")
    moment = getattr(header, "datetime", None)
    return moment.date() if isinstance(moment, dt.datetime) else None
