"""The torch house: a checkpoint becomes a prepared folder, in a process of its own."""
