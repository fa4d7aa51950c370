"""Conversations, feedback and preferences in one SQLite file."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ForeignKey, String, create_engine, delete, event, func, or_, select
from sqlalchemy.engine import Engine as SqlEngine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from assistant.errors import AssistantError
from assistant.privacy import keep_private
from assistant.schema import Answer, Filters


class _Base(DeclarativeBase):
    pass


class _Conversation(_Base):
    __tablename__ = "conversation"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(index=True)
    title: Mapped[str]
    created: Mapped[dt.datetime]
    updated: Mapped[dt.datetime] = mapped_column(index=True)


class _Turn(_Base):
    __tablename__ = "turn"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), index=True
    )
    position: Mapped[int]
    question: Mapped[str]
    answer: Mapped[str]
    answer_text: Mapped[str]
    filters: Mapped[str]
    steps: Mapped[str]
    stopped: Mapped[bool]
    created: Mapped[dt.datetime]


class _Feedback(_Base):
    __tablename__ = "feedback"
    turn_id: Mapped[str] = mapped_column(ForeignKey("turn.id", ondelete="CASCADE"), primary_key=True)
    owner: Mapped[str] = mapped_column(index=True)
    rating: Mapped[str]
    wrong_source: Mapped[bool]
    comment: Mapped[str]
    created: Mapped[dt.datetime]


class _Preference(_Base):
    __tablename__ = "preference"
    owner: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class ConversationInfo(_Record):
    """One line of the conversation list."""

    id: str
    title: str
    updated: dt.datetime


class Feedback(_Record):
    """What a user said about an answer."""

    rating: str
    """`up` or `down`."""
    wrong_source: bool = False
    comment: str = ""


class TurnRecord(_Record):
    """A kept question with its answer."""

    id: str
    question: str
    answer: Answer
    filters: Filters = Filters()
    steps: tuple[str, ...] = ()
    stopped: bool = False
    created: dt.datetime
    feedback: Feedback | None = None


def _pragmas(connection: object, _record: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in ("foreign_keys=ON", "journal_mode=WAL", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


class History:
    """Everything that the UI keeps; every call names the owner, so that nobody reads another's rows.

    Args:
        path: The SQLite file; its folder is made when missing.

    Raises:
        AssistantError: The file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # SQLite gives the files beside it the same rights; those of an earlier version may be there.
            for file in (path, *path.parent.glob(f"{path.name}-*")):
                keep_private(file)
            self._engine: SqlEngine = create_engine(f"sqlite:///{path}")
            event.listen(self._engine, "connect", _pragmas)
            _Base.metadata.create_all(self._engine)
        except Exception as error:
            raise AssistantError(
                f"Cannot open the conversation file {path}: {error}.",
                "Make its folder writable or set ASSISTANT_HOME to another.",
            ) from error

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def create(self, owner: str, title: str) -> str:
        """Start a conversation and return its id."""
        identifier, now = uuid.uuid4().hex, _now()
        with Session(self._engine) as session, session.begin():
            session.add(
                _Conversation(id=identifier, owner=owner, title=_short(title), created=now, updated=now)
            )
        return identifier

    def conversations(self, owner: str, search: str = "", limit: int = 200) -> list[ConversationInfo]:
        """Conversations with answers, last used first; `search` looks into titles, questions and answers."""
        asked = select(_Turn.conversation_id)
        query = select(_Conversation).where(_Conversation.owner == owner, _Conversation.id.in_(asked))
        if search.strip():
            wanted = search.strip()
            inside = select(_Turn.conversation_id).where(
                or_(
                    _Turn.question.contains(wanted, autoescape=True),
                    _Turn.answer_text.contains(wanted, autoescape=True),
                )
            )
            query = query.where(
                or_(_Conversation.title.contains(wanted, autoescape=True), _Conversation.id.in_(inside))
            )
        query = query.order_by(_Conversation.updated.desc()).limit(limit)
        with Session(self._engine) as session:
            return [
                ConversationInfo(id=row.id, title=row.title, updated=row.updated)
                for row in session.scalars(query)
            ]

    def title(self, owner: str, conversation: str) -> str | None:
        """Title of a conversation; None when the owner has none of that id."""
        with Session(self._engine) as session:
            row = self._own(session, owner, conversation)
            return row.title if row else None

    def rename(self, owner: str, conversation: str, title: str) -> None:
        """Give a conversation another title; an empty one changes nothing."""
        with Session(self._engine) as session, session.begin():
            row = self._own(session, owner, conversation)
            if row and title.strip():
                row.title = _short(title)

    def delete(self, owner: str, conversation: str) -> None:
        """Remove a conversation with its turns and feedback."""
        with Session(self._engine) as session, session.begin():
            row = self._own(session, owner, conversation)
            if row:
                session.execute(delete(_Conversation).where(_Conversation.id == row.id))

    def turns(self, owner: str, conversation: str) -> list[TurnRecord]:
        """Turns of a conversation in order; empty when the owner has none of that id."""
        query = (
            select(_Turn, _Feedback)
            .join(_Conversation, _Conversation.id == _Turn.conversation_id)
            .outerjoin(_Feedback, _Feedback.turn_id == _Turn.id)
            .where(_Turn.conversation_id == conversation, _Conversation.owner == owner)
            .order_by(_Turn.position)
        )
        with Session(self._engine) as session:
            return [_turn(row, feedback) for row, feedback in session.execute(query)]

    def append(
        self,
        owner: str,
        conversation: str,
        question: str,
        answer: Answer,
        *,
        filters: Filters | None = None,
        steps: Sequence[str] = (),
        stopped: bool = False,
        replaces: str = "",
    ) -> TurnRecord:
        """Add a turn at the end of a conversation.

        Args:
            owner: The user.
            conversation: Its id.
            question: What was asked.
            answer: What was answered.
            filters: Which documents were used.
            steps: What the engine told while it worked.
            stopped: Whether the user ended it early.
            replaces: Turn that is removed, with all after it, in the same transaction.

        Raises:
            AssistantError: The owner has no such conversation.
        """
        now = _now()
        with Session(self._engine) as session, session.begin():
            conversation_row = self._own(session, owner, conversation)
            if conversation_row is None:
                raise AssistantError("This conversation no longer exists.", "Start a new one.")
            self._drop_from(session, conversation, replaces)
            last = session.scalar(
                select(func.max(_Turn.position)).where(_Turn.conversation_id == conversation)
            )
            row = _Turn(
                id=uuid.uuid4().hex[:12],
                conversation_id=conversation,
                position=0 if last is None else last + 1,
                question=question,
                answer=answer.model_dump_json(exclude={"cited_documents"}),
                answer_text=answer.text,
                filters=(filters or Filters()).model_dump_json(),
                steps=json.dumps(list(steps), ensure_ascii=False),
                stopped=stopped,
                created=now,
            )
            session.add(row)
            conversation_row.updated = now
            session.flush()
            return _turn(row, None)

    def drop_from(self, owner: str, conversation: str, turn: str) -> str | None:
        """Remove a turn and all after it; returns its question, None when it does not exist."""
        with Session(self._engine) as session, session.begin():
            if self._own(session, owner, conversation) is None:
                return None
            return self._drop_from(session, conversation, turn)

    def rate(self, owner: str, turn: str, feedback: Feedback | None) -> None:
        """Keep, replace or (None) take back the feedback on one of the owner's answers."""
        with Session(self._engine) as session, session.begin():
            own = session.scalar(
                select(_Turn.id)
                .join(_Conversation, _Conversation.id == _Turn.conversation_id)
                .where(_Turn.id == turn, _Conversation.owner == owner)
            )
            if own is None:
                return
            session.execute(delete(_Feedback).where(_Feedback.turn_id == turn))
            if feedback:
                session.add(_Feedback(turn_id=turn, owner=owner, created=_now(), **feedback.model_dump()))

    def rated(self, owner: str) -> list[TurnRecord]:
        """All turns of an owner that carry feedback, oldest first."""
        query = (
            select(_Turn, _Feedback)
            .join(_Feedback, _Feedback.turn_id == _Turn.id)
            .where(_Feedback.owner == owner)
            .order_by(_Feedback.created)
        )
        with Session(self._engine) as session:
            return [_turn(row, feedback) for row, feedback in session.execute(query)]

    def preference(self, owner: str, name: str, default: str = "") -> str:
        """A kept choice of a user."""
        with Session(self._engine) as session:
            row = session.get(_Preference, (owner, name))
            return row.value if row else default

    def prefer(self, owner: str, name: str, value: str) -> None:
        """Keep a choice of a user."""
        with Session(self._engine) as session, session.begin():
            session.merge(_Preference(owner=owner, name=name, value=value))

    @staticmethod
    def _drop_from(session: Session, conversation: str, turn: str) -> str | None:
        row = session.get(_Turn, turn) if turn else None
        if row is None or row.conversation_id != conversation:
            return None
        question = row.question
        session.execute(
            delete(_Turn).where(_Turn.conversation_id == conversation, _Turn.position >= row.position)
        )
        return question

    @staticmethod
    def _own(session: Session, owner: str, conversation: str) -> _Conversation | None:
        row = session.get(_Conversation, conversation)
        return row if row is not None and row.owner == owner else None


def _short(title: str) -> str:
    line = " ".join(title.split())
    return line if len(line) <= 90 else line[:89].rstrip() + "…"


def _turn(row: _Turn, feedback: _Feedback | None) -> TurnRecord:
    return TurnRecord(
        id=row.id,
        question=row.question,
        answer=Answer.model_validate_json(row.answer),
        filters=Filters.model_validate_json(row.filters),
        steps=tuple(json.loads(row.steps)),
        stopped=row.stopped,
        created=row.created,
        feedback=feedback
        and Feedback(rating=feedback.rating, wrong_source=feedback.wrong_source, comment=feedback.comment),
    )
