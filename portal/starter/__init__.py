"""The starter library: its texts as data, and the code that reads and loads them."""
