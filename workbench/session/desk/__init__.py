"""How an action of a session is carried out, shown as Python, logged and replayed."""
