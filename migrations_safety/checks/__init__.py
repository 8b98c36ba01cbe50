"""The checks of precheck, a module for each area: each compares values and returns findings; nothing is printed."""
