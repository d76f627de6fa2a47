"""Scores: how near a result comes to what people say is right, and how sure that is."""
