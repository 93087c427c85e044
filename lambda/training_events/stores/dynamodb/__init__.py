"""The stores on AWS: DynamoDB tables."""
