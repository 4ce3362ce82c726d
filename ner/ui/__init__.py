"""The page: ``page.build`` makes it from a loader, ``launch.launch`` serves it."""
