"""Requests to the sites concerned, their threads, replies and reminders. Holds no code yet."""
