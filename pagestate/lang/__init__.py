"""The modelling language: decorated Python functions, compiled from their syntax tree."""
