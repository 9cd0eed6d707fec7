"""Every transition of an alarm to an HTTP endpoint, once or more, signed.

`signature` is that of Standard Webhooks, `headers` are those of CloudEvents and of the signature, `outlet` is the
channel: it sends, and sends again.
"""
