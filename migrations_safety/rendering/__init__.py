"""Turns reports into text or into the values of their JSON; these functions read no database and print nothing."""
