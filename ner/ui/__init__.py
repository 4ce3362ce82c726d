"""The page: a file for each tab, and what the tabs share: jobs, forms, charts, the HTTP API."""
