"""Small real pipeline tasks: each file holds one task, its connections and its configuration.

They compute what a pipeline's tables would say, from the headers of raws
and the seeded model, instead of from pixels: a quantum takes milliseconds.
"""
