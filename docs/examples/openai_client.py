"""Ask a running server (`assistant serve`) with OpenAI's client."""

import os

from openai import OpenAI

client = OpenAI(
    base_url=os.environ.get("ASSISTANT_SERVER", "http://127.0.0.1:8000") + "/v1",
    api_key=os.environ.get("ASSISTANT_SERVE_KEY", "none"),
)
reply = client.chat.completions.create(
    model="assistant",
    messages=[{"role": "user", "content": "When will the Ascend 950PR arrive?"}],
    extra_body={"filters": {"topics": ["chips"]}},
)
message = reply.choices[0].message
print(message.content)
for annotation in message.annotations or []:
    print(annotation.url_citation.title, annotation.url_citation.url)
