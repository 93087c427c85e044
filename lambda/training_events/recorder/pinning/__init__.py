"""What another run would need to repeat this one: code, environment, data, machine."""
