"""What differs between two generations, and which articles, pages and entries that is."""
