project = "Tiny Book"
extensions = ["bookbinder.sphinx"]
