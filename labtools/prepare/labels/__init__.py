"""Records of all formats -> the boxes of each picture, in the course's classes."""
