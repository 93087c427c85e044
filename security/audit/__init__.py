"""What is known of everything that is locked: vulnerabilities and licences."""
