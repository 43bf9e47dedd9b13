"""Why does one order of the same random maps converge to a point and the other only in
distribution?
"""
