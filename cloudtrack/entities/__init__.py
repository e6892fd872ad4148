"""Frozen values, and rules that need nothing but the value."""
