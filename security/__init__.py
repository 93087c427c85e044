"""SECURITY GATES: what scanners say of the synthesized JSON, what is known of the locks and of their licences."""
