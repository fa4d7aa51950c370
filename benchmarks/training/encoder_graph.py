"""Writes the computation of the packaged embedding model as an ONNX graph without weights.

    pip install onnx && python benchmarks/training/encoder_graph.py

`assistant/models/e5.py` hands the weights over when it loads the graph. It uses the operators that ONNX Runtime
fuses a BERT to, so that nothing is left to optimise at load. Products are of 8-bit numbers but for
the last of each layer: what it reads has single numbers far from the rest, and with these exact, vectors lose a third
of what they lose without, for a sixth more time.
"""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import TensorProto, helper

OUT = Path(__file__).parents[2] / "assistant/models/data/e5_graph.onnx"
LAYERS, HEADS, WIDTH, INNER = 12, 12, 384, 1536
EPSILON = 1e-12
FUSED = "com.microsoft"


class Graph:
    """Collects nodes and declares weights that come later."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def weight(self, name: str, *shape: int, kind: int = TensorProto.FLOAT) -> str:
        """A weight that is handed over at load."""
        tensor = onnx.TensorProto(name=name, dims=shape, data_type=kind, data_location=TensorProto.EXTERNAL)
        tensor.external_data.add(key="location", value="handed over at load")
        self.weights.append(tensor)
        return name

    def node(
        self, kind: str, inputs: list[str], *outputs: str, domain: str = FUSED, **options: object
    ) -> str:
        """One step; gives the name of its first result."""
        self.nodes.append(helper.make_node(kind, inputs, list(outputs), domain=domain, **options))
        return outputs[0]

    def product(self, x: str, name: str, inner: int, outer: int) -> str:
        """A product with a matrix of 8-bit numbers, each column with its scale."""
        matrix = self.weight(f"{name}.w", inner, outer, kind=TensorProto.INT8)
        return self.node(
            "DynamicQuantizeMatMul", [x, matrix, self.weight(f"{name}.scale", outer)], f"{name}.product"
        )

    def exact_product(self, x: str, name: str, inner: int, outer: int) -> str:
        """A product with a matrix of 32-bit numbers."""
        return self.node("MatMul", [x, self.weight(f"{name}.w", inner, outer)], f"{name}.product", domain="")

    def add_and_norm(self, x: str, skip: str, bias: str, norm: str, out: str) -> str:
        """The normalised sum of two and a bias."""
        weights = [self.weight(f"{norm}.w", WIDTH), self.weight(f"{norm}.b", WIDTH)]
        inputs = [x, skip, *weights, self.weight(f"{bias}.b", WIDTH)]
        return self.node("SkipLayerNormalization", inputs, out, epsilon=EPSILON)


def build() -> onnx.ModelProto:
    graph = Graph()
    first = ["embeddings", graph.weight("emb.ln.w", WIDTH), graph.weight("emb.ln.b", WIDTH)]
    x = graph.node("LayerNormalization", first, "x", domain="", epsilon=EPSILON)
    for number in range(LAYERS):
        layer = f"l{number}"
        small = graph.node(
            "DynamicQuantizeLinear", [x], f"{layer}.q", f"{layer}.q.scale", f"{layer}.q.zero", domain=""
        )
        qkv = [
            small,
            graph.weight(f"{layer}.qkv.w", WIDTH, 3 * WIDTH, kind=TensorProto.INT8),
            graph.weight(f"{layer}.qkv.b", 3 * WIDTH),
            f"{layer}.q.scale",
            graph.weight(f"{layer}.qkv.scale", 3 * WIDTH),
            "",
            f"{layer}.q.zero",
        ]
        attended = graph.node("QAttention", qkv, f"{layer}.attended", num_heads=HEADS)
        joined = graph.product(attended, f"{layer}.ao", WIDTH, WIDTH)
        y = graph.add_and_norm(joined, x, f"{layer}.ao", f"{layer}.aln", f"{layer}.y")
        wide = graph.product(y, f"{layer}.fi", WIDTH, INNER)
        bent = graph.node("BiasGelu", [wide, graph.weight(f"{layer}.fi.b", INNER)], f"{layer}.gelu")
        narrow = graph.exact_product(bent, f"{layer}.fo", INNER, WIDTH)
        out = "states" if number == LAYERS - 1 else f"{layer}.x"
        x = graph.add_and_norm(narrow, y, f"{layer}.fo", f"{layer}.oln", out)
    shape = [1, "tokens", WIDTH]
    return helper.make_model(
        helper.make_graph(
            graph.nodes,
            "multilingual-e5-small",
            [helper.make_tensor_value_info("embeddings", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info("states", TensorProto.FLOAT, shape)],
            graph.weights,
        ),
        opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid(FUSED, 1)],
        ir_version=9,
    )


if __name__ == "__main__":
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_bytes(build().SerializeToString())
    print(f"{OUT}: {OUT.stat().st_size:,} bytes")
