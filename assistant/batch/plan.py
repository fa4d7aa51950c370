"""Which rows are left to ask, in which order, with which earlier turns."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from assistant.batch.journal import Journal
from assistant.batch.questions import QuestionRow
from assistant.schema import Turn


@dataclass(frozen=True)
class Task:
    """A row with the names under which the journal knows it."""

    row: QuestionRow
    key: str
    """Survives insertion and removal of other rows: the id, or the question and its count."""
    digest: str

    @property
    def entry(self) -> tuple[str, str, QuestionRow]:
        """What the journal needs to read the row's result."""
        return self.key, self.digest, self.row


@dataclass
class Chain:
    """Rows that must be asked one after the other: a conversation, or a single row."""

    tasks: deque[Task]
    history: list[Turn] = field(default_factory=list)
    broken: str = ""
    """The row of this conversation that failed; later rows cannot be asked without it."""


def tasks_of(rows: Iterable[QuestionRow]) -> list[Task]:
    """Tasks in the order of the list."""
    before: dict[str, str] = {}
    count: Counter[str] = Counter()
    tasks = []
    for row in rows:
        digest = row.digest(before.get(row.conversation, "") if row.conversation else "")
        if row.conversation:
            before[row.conversation] = digest
        own_id = row.id != str(row.number)
        # Equal questions without ids are told apart by their count: the first, the second.
        key = f"id:{row.id}" if own_id else f"{digest}:{count[digest]}"
        count[digest] += 1
        tasks.append(Task(row, key, digest))
    return tasks


def chains_of(tasks: Iterable[Task], journal: Journal, retry_failed: bool) -> deque[Chain]:
    """What is left to ask; a conversation that was begun carries its earlier turns.

    Args:
        tasks: All rows.
        journal: What is done.
        retry_failed: Whether rows that failed are asked again.
    """
    chains: dict[str, Chain] = {}
    order: deque[Chain] = deque()
    for task in tasks:
        status = journal.status(task.key, task.digest)
        name = task.row.conversation
        chain = chains.get(name) if name else None
        if chain is None:
            chain = Chain(deque())
            order.append(chain)
            if name:
                chains[name] = chain
        if status is None or (status == "failed" and retry_failed):
            chain.tasks.append(task)
        elif name and not chain.tasks:
            _carry(chain, task, journal)
    return deque(chain for chain in order if chain.tasks)


def _carry(chain: Chain, task: Task, journal: Journal) -> None:
    outcome = journal.outcome(task.key)
    if outcome is None or outcome.answer is None:
        chain.broken = chain.broken or task.row.id
    else:
        chain.history.append(Turn(question=task.row.question, answer=outcome.answer.text))
