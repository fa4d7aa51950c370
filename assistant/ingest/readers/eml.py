"""Reads EML: the text of a mail with its subject, date and sender; attachments are not read."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from email.message import EmailMessage, Message, MIMEPart
from email.parser import BytesParser
from email.policy import EmailPolicy
from typing import Any

from assistant.ingest.cleaning import clean_title
from assistant.ingest.readers import html, text
from assistant.ingest.readers.encoding import decode
from assistant.ingest.readers.source import SourceFile
from assistant.schema import Document

MEDIA_TYPE = "message/rfc822"
# The parser's time grows with the square of a header's length and of the number of parts.
_LONGEST_HEADER = 2000
_MOST_PARTS = 300
_PART = re.compile(rb"^content-type:", re.I | re.M)


class _BoundedPolicy(EmailPolicy):
    """Parses no more of a header than people write."""

    def header_fetch_parse(self, name: str, value: str) -> Any:
        return super().header_fetch_parse(name, value[:_LONGEST_HEADER])


def read(source: SourceFile) -> Document:
    """Reads a mail: its HTML text when it has one, for structure, else its plain text.

    Raises:
        DocumentError: It has no text.
    """
    if len(_PART.findall(source.data)) > _MOST_PARTS:
        raise source.error(f"has more than {_MOST_PARTS} parts.", "Save its text as a file and add that.")
    message = BytesParser(policy=_BoundedPolicy()).parsebytes(source.data)
    body = message.get_body(("html", "plain")) if isinstance(message, EmailMessage) else None
    if body is None:
        raise source.error("is no mail with text.", "Save its text or its attachment and add that.")
    content = _content(source, body)
    if body.get_content_subtype() == "html":
        document = html.read_markup(source, content)
    else:
        document = text.read_text(source, content)
    subject = str(message.get("Subject", ""))
    found: dict[str, object] = {"media_type": MEDIA_TYPE, "date": _date(message) or document.date}
    if title := clean_title(subject):
        found["title"] = title
    if sender := _sender(message):
        found["publisher"] = sender
    return document.model_copy(update=found)


def _content(source: SourceFile, body: MIMEPart[Any, Any]) -> str:
    """The text of a part; where its encoding is not known or not true, it is found from the bytes."""
    try:
        content = body.get_content()
    except (LookupError, ValueError):
        content = None
    if isinstance(content, str):
        return content
    payload = body.get_payload(decode=True)
    if not isinstance(payload, bytes):
        raise source.error("has text in an encoding that is not known.", "Save it as text.")
    return decode(replace(source, data=payload))


def _sender(message: Message[Any, Any]) -> str:
    """The name of the sender, else the domain of the address."""
    try:
        addresses = getattr(message.get("From"), "addresses", ())
        first = addresses[0] if addresses else None
        return clean_title(first.display_name, 200) or clean_title(first.domain, 200) if first else ""
    except Exception:
        # The parser of addresses fails on some broken ones; the mail is read all the same.
        return ""


def _date(message: Message[Any, Any]) -> dt.date | None:
    header = message.get("Date")
    moment = getattr(header, "datetime", None)
    return moment.date() if isinstance(moment, dt.datetime) else None
