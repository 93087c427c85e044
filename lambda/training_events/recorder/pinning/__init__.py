"""What another run needs to repeat this one: code, environment, data, machine."""
