"""Which distance does a layer never stretch, and what follows for a product of many?"""
