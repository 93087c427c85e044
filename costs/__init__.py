"""What an environment costs: at rest, in use, and for each million events, by its synthesized JSON and a table of list prices.

Nothing of the settings is read but the stack's name: what the JSON declares is what AWS asks money for.
"""
