"""Frozen values and pure decisions: no clock, database or network; time is an argument, always aware UTC."""
