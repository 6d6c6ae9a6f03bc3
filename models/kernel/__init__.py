"""The actors the models are put together from, named as the files and functions in the kernel."""
