"""Picking: from cutting orders and a model of stock to pick lists with the least waste. Pure; outside the stream, where
`headrace picking` calls it and sends the lists into `logistics.events`."""
