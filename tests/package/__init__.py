"""The distribution as others get it: built, installed into empty environments, used in projects that are not ours."""
