"""The mailing list: subscribers, their commands by mail, and delivery. Holds no code yet."""
