"""Documents to facts about them: what a collection holds, what it holds twice, and which words are new in it."""
