"""Publishes new editions: everything between a build and its readers."""
