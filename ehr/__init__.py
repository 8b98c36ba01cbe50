"""The hospital's electronic health record (EHR) as a Django project: its settings and its existing tables."""
