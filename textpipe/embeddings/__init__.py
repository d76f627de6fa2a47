"""Words to vectors, and back to the words that are near."""
