"""Prediction at speed on a CPU: texts to ids, and networks as tables, in C where that was built."""
