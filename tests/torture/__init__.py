"""The kill harness: commands are killed at any instant and run again; nothing may be lost, nothing left half done."""
