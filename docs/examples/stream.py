"""Follow an answer step by step."""

import asyncio

from assistant import Assistant
from assistant.schema import AnswerEvent, ClaimEvent, StepEvent


async def main() -> None:
    """Prints steps, sentences as they are checked, and the status."""
    with Assistant() as assistant:
        async for event in assistant.astream("When will the Ascend 950PR arrive?"):
            if isinstance(event, StepEvent):
                print("...", event.message)
            elif isinstance(event, ClaimEvent):
                print(event.claim.text)
            elif isinstance(event, AnswerEvent):
                print(event.answer.status)


asyncio.run(main())
