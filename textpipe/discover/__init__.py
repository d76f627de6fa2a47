"""Documents to facts about them."""
