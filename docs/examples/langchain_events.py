"""Follow an answer through LangChain's events, as its tracers do."""

import asyncio
from typing import Any

from langchain_core.runnables import RunnableConfig

from assistant import Assistant


async def main() -> None:
    """Prints what the search found, each checked sentence and the status."""
    config = RunnableConfig(tags=["docs"], metadata={"reader": "me"})
    with Assistant() as assistant:
        async for event in assistant.astream_events(
            "When will the Ascend 950PR arrive?", config, version="v2"
        ):
            data: Any = event["data"]
            if event["event"] == "on_retriever_end":
                print(len(data["output"]), "passages, tags", event.get("tags"))
            elif event["event"] == "on_custom_event" and event["name"] == "assistant_claim":
                print(data.claim.text)
        print(data["output"].status)


asyncio.run(main())
