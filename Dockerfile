# syntax=docker/dockerfile:1
# The assistant as a server: HTTP API, MCP and web UI on port 8000.
#
#   docker build -t china-ai-chip-assistant .                                  answers quoted from the documents
#   docker build -t china-ai-chip-assistant --build-arg EXTRAS=serve,local .   with the embedded model, 1.1 GB more
#   docker run -p 127.0.0.1:8000:8000 -e ASSISTANT_SERVE_KEY=… -v assistant-data:/data china-ai-chip-assistant

FROM python:3.11-slim AS build

# Extras of pyproject.toml; `local` brings the embedded language model.
ARG EXTRAS=serve,openai,anthropic,ollama
# The CPU build of PyTorch, which a plain index has with gigabytes of CUDA; empty where a GPU is to be used.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_EXTRA_INDEX_URL=${TORCH_INDEX}

WORKDIR /src
RUN python -m venv /opt/assistant
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY assistant assistant
COPY corpus corpus
COPY prompts prompts
# Some wheels exist for a few platforms only; the compiler stays in this stage.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends build-essential \
    && rm -rf /var/lib/apt/lists/*
RUN /opt/assistant/bin/pip install --constraint constraints.txt ".[${EXTRAS}]"

FROM python:3.11-slim

# OCR of scanned pages, in English and Chinese.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends tesseract-ocr tesseract-ocr-chi-sim libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home --shell /usr/sbin/nologin assistant \
    && install -d -o assistant -g assistant /data

COPY --from=build /opt/assistant /opt/assistant

ENV PATH=/opt/assistant/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HF_HUB_OFFLINE=1 \
    ASSISTANT_HOME=/data/home \
    ASSISTANT_CACHE=/data/cache

# By its number, so that a cluster can tell that it is not root.
USER 10001
WORKDIR /data
# Index, uploads, conversations and assembled model weights.
VOLUME /data
EXPOSE 8000

# The first start builds the index, which takes a minute or more.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10m --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=4)"]

# It demands ASSISTANT_SERVE_KEY, as others can reach it.
ENTRYPOINT ["assistant"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
