"""Can descent on a product of matrices get stuck, and which assumption keeps it from that?"""
