"""The words in which answers are told, on a terminal and on a page alike."""
