"""How a step is run: `local` runs all of them in this process."""
