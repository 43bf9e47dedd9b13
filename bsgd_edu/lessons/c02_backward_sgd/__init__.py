"""What does SGD gain when each new batch goes inside, and what only seems to be gained?"""
