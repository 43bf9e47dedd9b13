"""Which random weights let a plain network of any depth learn, and why is keeping the mean
square not enough?
"""
