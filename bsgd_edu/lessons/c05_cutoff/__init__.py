"""After how many layers can two inputs no longer be told apart, and is it sudden?"""
