"""Security gates: scanners on the synthesized JSON, and known vulnerabilities and licences of the locked packages."""
