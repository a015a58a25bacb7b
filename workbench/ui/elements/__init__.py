"""What the pages are made of: tables, text, buttons, files that come and go, and their style."""
