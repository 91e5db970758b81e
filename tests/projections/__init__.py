"""Tests of the read models and reports: figures from books written as text, properties against naive models."""
