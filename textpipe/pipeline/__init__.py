"""Stages over the store: what has been made is found again, what has not is made. Here store and algorithms meet."""
