"""Ask a question and read what supports each sentence."""

from assistant import Assistant, Filters

with Assistant() as assistant:
    answer = assistant.ask(
        "When will the Ascend 950PR arrive?",
        filters=Filters(topics=("chips",)),
        history=[("Who?", "Huawei.")],
    )
    print(answer.status, answer.text)
    for claim in answer.claims:
        print(claim.verdict, claim.text)
    for citation in answer.citations:
        print(citation.number, citation.passage.document.path, citation.quote)
