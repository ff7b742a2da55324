"""The dataset on disk, and what is told about it."""
