"""SUBMISSIONS -> DATASET: what students hand in becomes one dataset, and every change is a finding.

`pipeline.py` is the table of contents.
"""
