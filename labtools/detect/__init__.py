"""VIDEO -> ANNOTATED VIDEO + DETECTIONS TABLE.

Also images, folders and lists of paths. What comes out lies in one folder that appears when it is complete.
"""
