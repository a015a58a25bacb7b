"""The set that is put together: its draft, its history, how it is judged and saved."""
