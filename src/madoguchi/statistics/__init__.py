"""From counts to a protected, certified, quarterly release. Holds no code yet."""
