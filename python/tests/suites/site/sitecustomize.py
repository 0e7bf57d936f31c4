"""Installs our classes when an interpreter starts, also one that a test starts."""

import antiphon

antiphon.install()
