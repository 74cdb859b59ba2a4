"""A film rendered in pieces, by several workers, and put together without encoding it again."""
