"""The screen in the plant office: one page for the whole plant, on a wall and on a phone.

`store` polls ClickHouse and `feed` reads the topics `alarms` and `anomalies`, once for all browsers; `views` make of
that what is shown, as pure functions; `panels` put it on a page with NiceGUI; `server` holds them together.
"""
