"""What Messenger and Instagram share because Meta runs both."""
