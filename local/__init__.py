"""AWS on this machine: starts and stops the emulators, and deploys the stack to them. It has no application logic."""
