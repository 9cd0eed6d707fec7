"""Panels: each is built once per browser, and then told what to show. Labels escape what they are given."""
