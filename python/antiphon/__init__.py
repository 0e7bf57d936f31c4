"""Antiphon: Starlette's response classes, built in Rust."""
