"""Who trains which run, and what happens to one that ended badly. Run folders are the record; nothing stands beside."""
