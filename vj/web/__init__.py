"""The page, OSCQuery, and where they are found."""
