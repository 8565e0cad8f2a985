"""Drives the contenders of bench/storm and measures them."""
