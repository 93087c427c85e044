"""Pages to look at: what `reading` answers, as HTML. `report` writes them into one file, `ui` serves them."""
