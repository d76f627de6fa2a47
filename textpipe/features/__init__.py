"""Texts and their tokens as sparse rows of n-grams."""
