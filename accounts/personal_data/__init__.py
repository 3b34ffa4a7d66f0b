"""What the site keeps of a person: the table of it, its export, and its erasure."""
