"""The law as data: what each table of `conformance` says, asked of the Python face."""
