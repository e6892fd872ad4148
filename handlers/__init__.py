"""AWS Lambda functions: AWS's events in, cloudtrack out. Each is a few lines; what they share is in ``gateway``."""
