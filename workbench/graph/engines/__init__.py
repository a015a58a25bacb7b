"""The two engines of a preview, by columns and by the stock builder, and what they share."""
