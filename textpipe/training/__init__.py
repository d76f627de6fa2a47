"""The one training loop of every torch model: batches, optimisers, schedules, losses, states to go on from."""
