"""Capture and query over HTTP, after the REST interface of EPCIS 2.0.1 (chapter 12 and its OpenAPI document).

What is captured goes to `trace.events` and is archived by workers; what is queried comes from ClickHouse. The service
itself keeps nothing: an enterprise is known by its token, a capture job by where its events lie in the log.
"""
