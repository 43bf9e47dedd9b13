"""What rule does a factorised model descend by, when is it faster, and which half of it is?"""
