"""What a notebook shows of an answer: small pieces of HTML without script, in which whatever was recorded is text."""
