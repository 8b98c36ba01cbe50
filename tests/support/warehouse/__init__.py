"""The app of somebody else's project: as many kinds of fields, indexes and constraints as Django has."""
