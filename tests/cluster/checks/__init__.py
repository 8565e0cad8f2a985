"""The cases of cluster_test.py."""
