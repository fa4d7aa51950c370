"""How fast the assistant is, measured beside what it is compared with: `python -m benchmarks.performance`."""
