"""The whole log at once: DynamoDB's own exports of it, and what is computed and asked over them."""
