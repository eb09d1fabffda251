"""Notices what rises above its baseline, and drafts an alert for people to finish. Holds no code yet."""
