"""What lies on disk between two rooms: one file per artifact with its schema, its reader and its writer.

Rooms meet here, not in memory: each step can be stopped, run twice, opened in a notebook, or done elsewhere.
"""
