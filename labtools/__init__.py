"""labtools: from a messy cohort of student videos to one dataset, a matrix of trainings and a report."""

__version__ = "0.1.0"
