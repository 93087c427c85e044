"""SECURITY GATES: what scanners say of the synthesized JSON, held against the list of what is waived and why."""
