"""The checks of precheck, with a module for each area. Each check returns findings and prints nothing."""
