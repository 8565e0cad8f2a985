"""Faults on the way between the operator and real API servers, and one oracle for all of them."""
