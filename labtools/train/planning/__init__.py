"""A matrix -> the runs to have and what is missing, with every mistake found before anything starts."""
