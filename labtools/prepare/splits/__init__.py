"""The split that a team meant: lists, folders, or one that is made."""
