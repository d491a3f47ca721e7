"""Work in processes of their own, beside this one: threads share one processor, however many there are."""
