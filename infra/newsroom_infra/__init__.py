"""The composition root: reads settings, builds clients, wires the two sides together, runs the local stack."""
