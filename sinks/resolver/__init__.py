"""The resolver: whoever reads a code off an item is told whether it is genuine and what may be told of the item.

`resolver.py` decides; `register.py` holds what is minted and void, `facts.py` asks ClickHouse for the item, `limits.py`
keeps guessers off, `scans.py` tells the stream. `web.py` is HTTP, `page.py` what people see.
"""
