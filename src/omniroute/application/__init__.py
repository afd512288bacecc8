"""The one door for people and programs: commands, queries, subscriptions, and `authorize`."""
