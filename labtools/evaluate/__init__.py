"""DATASET + RUNS -> RESULTS.

One inference pass per run and split leaves a predictions table; every metric is computed from that table and the
truth. Speed and the study of image sizes are timed apart from that pass.
"""
