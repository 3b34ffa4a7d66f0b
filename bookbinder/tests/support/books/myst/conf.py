project = "Tiny Book"
extensions = ["myst_parser", "bookbinder.sphinx"]
myst_enable_extensions = ["colon_fence", "dollarmath"]
