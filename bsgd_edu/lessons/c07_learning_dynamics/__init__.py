"""How can the whole learning curve be known before any data is seen?"""
