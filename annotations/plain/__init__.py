"""Notes without JavaScript: plain pages over the same functions as the API's."""
