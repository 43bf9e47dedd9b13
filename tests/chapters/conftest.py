"""What pytest must leave alone here."""

# To import it, as the collection of doctests would, is to close the network to pytest itself.
collect_ignore = ["closed_network"]
