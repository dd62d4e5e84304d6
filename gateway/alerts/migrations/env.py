"""Entered by alembic; the connection comes from :mod:`gateway.alerts.migrate`, never from a file."""

from alembic import context

from gateway.alerts.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
