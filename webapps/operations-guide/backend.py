"""The page's backend: DSS makes the Flask `app` and serves it; the routes are the plugin's."""

from pathlib import Path

from dataiku.customwebapp import get_webapp_resource

from opsguide.service import open_desk
from opsguide.web import create_blueprint

app.register_blueprint(create_blueprint(open_desk(), Path(get_webapp_resource())))  # noqa: F821  (DSS's global)
