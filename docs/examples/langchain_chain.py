"""An assistant and its retriever as parts of LangChain chains."""

from langchain_core.runnables import RunnableLambda

from assistant import Assistant
from assistant.schema import Answer


def cited(answer: Answer) -> list[str]:
    """Titles of what an answer rests on."""
    return [citation.passage.document.title for citation in answer.citations]


with Assistant() as assistant:
    chain = assistant.with_retry(stop_after_attempt=2) | RunnableLambda(cited)
    found = chain.batch(
        ["When will the Ascend 950PR arrive?", "How much did SMIC earn?"],
        {"max_concurrency": 2, "tags": ["docs"]},
    )
    for titles in found:
        print(titles)

    for document in assistant.as_retriever(k=3).invoke("Ascend 950PR"):
        print(document.metadata["source"], document.metadata["score"])
