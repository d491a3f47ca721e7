"""From bytes to text, and what is asked of any text or address from outside."""
