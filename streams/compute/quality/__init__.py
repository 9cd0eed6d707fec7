"""Quality: what a topology declares of it (`spec`) and the engine of a partition of `quality.events`."""
