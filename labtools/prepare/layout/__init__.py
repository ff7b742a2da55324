"""Who handed in what, which picture a path means, and what things are called in the dataset."""
