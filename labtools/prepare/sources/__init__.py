"""What lies there: files of folders and archives as one flat tree, their bytes and texts, and who reads them."""
