"""The parts of `benches/side-by-side`, which tells what they are for."""
