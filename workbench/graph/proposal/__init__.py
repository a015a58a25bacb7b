"""Proposing candidates: quanta, their inputs and outputs, by joins, searches and the stock builder."""
