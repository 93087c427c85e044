"""AWS on this machine: starts and stops the emulators that the stack is deployed to. No application logic."""
