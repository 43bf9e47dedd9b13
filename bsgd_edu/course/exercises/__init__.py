"""The exercises, one module a chapter, each holding `EXERCISES`."""
