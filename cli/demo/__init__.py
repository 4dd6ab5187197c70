"""The main job seen by a newcomer: a nation's invented year of reports, sent, judged, scored and awarded."""
