"""The reporter's private page: coming back by receipt or link, reading our letters, writing, and taking things back."""
