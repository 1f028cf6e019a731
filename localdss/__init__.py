"""A local DSS for development: answers the public API to the real client, hosts plugin components, shows a small UI."""
