"""Template tags of the shared ground: `{% load madoguchi %}`."""
