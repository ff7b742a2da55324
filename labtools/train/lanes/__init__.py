"""A lane: a detached process that trains one run after the other on one GPU, or on its share of the cores."""
