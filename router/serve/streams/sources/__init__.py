"""Sources of events, which several subscriptions may share."""
