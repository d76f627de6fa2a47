"""Documents to facts about them: what a collection holds, and what it holds twice."""
