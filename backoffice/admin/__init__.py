"""The staff's house at /admin: sqladmin's routes and rights under our pages, sessions and audit trail."""
