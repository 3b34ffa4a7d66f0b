"""Notes without JavaScript: plain pages that call the same functions as the API."""
