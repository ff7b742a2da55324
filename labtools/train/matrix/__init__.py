"""What to train: a checked matrix file, expanded to runs. Pure but for reading that file."""
