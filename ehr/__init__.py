"""The hospital's EHR as a Django project: its settings and its existing tables."""
