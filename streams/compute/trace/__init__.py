"""A partition of `trace.events`: codes that are minted and voided, and what happened to the items that carry them."""
