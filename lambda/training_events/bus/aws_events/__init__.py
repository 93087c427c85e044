"""The events of AWS's own services, translated into ours."""
