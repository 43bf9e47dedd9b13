"""How fast, and in which direction, does a deep product of random layers move away?"""
