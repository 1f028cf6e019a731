"""Backend of the web app: DSS gives `app`, the routes are opsguide's."""

from pathlib import Path

from dataiku.customwebapp import get_webapp_resource

from opsguide import service, web

app.register_blueprint(web.create_blueprint(service.desk_in_dss(), Path(get_webapp_resource())))  # noqa: F821
